using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Hosting;

/// <summary>
/// A model that is served: what comes before its autoencoder, and the autoencoder with columns of its own for what a score has. It is
/// released when its last lease ends.
/// </summary>
internal sealed class ServedModel
{
    // Names that no pipeline has.
    private const string Prefix = "MLNetAutoencoder.Hosting.";

    private readonly ITransformer _pipeline;
    private readonly AutoencoderTransformer _scorer;
    private readonly int _topFeatures;
    private readonly bool _hasPValue;
    private int _leases = 1;

    private ServedModel(ITransformer pipeline, AutoencoderTransformer scorer, RowColumns columns, int topFeatures, bool hasPValue,
        string version)
    {
        (_pipeline, _scorer, Columns, _topFeatures, _hasPValue) = (pipeline, scorer, columns, topFeatures, hasPValue);
        Info = new ServedModelInfo(version, DateTimeOffset.UtcNow, scorer.Threshold, columns.Inputs);
    }

    public ServedModelInfo Info { get; }

    public RowColumns Columns { get; }

    public AutoencoderMetadata Metadata => _scorer.Metadata;

    /// <summary>Loads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="topFeatures">How many features come with a score.</param>
    /// <param name="scoring">Device and threads.</param>
    /// <exception cref="InvalidDataException">The file is no such model; the message names it.</exception>
    public static ServedModel Load(string path, byte[] bytes, int topFeatures, ScoringOptions scoring)
    {
        var ml = new MLContext();
        ITransformer loaded;
        AutoencoderTransformer found;
        DataViewSchema? schema = null;
        try
        {
            loaded = path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) ? ml.Autoencoders().FromOnnx(bytes, scoring)
                : ml.Autoencoders().Load(new MemoryStream(bytes), out schema, scoring);
            found = ml.Autoencoders().Find(loaded);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"The file '{path}' cannot be served: {e.Message}", e);
        }
        bool hasPValue = found.Metadata.ScoreQuantiles.Count > 0;
        var columns = AutoencoderColumns.Inputs(found.Columns).ToDictionary(input => input, input => found.Columns[input]);
        string[] outputs = [GraphNames.Score, GraphNames.IsAnomaly, .. hasPValue ? [GraphNames.PValue] : Array.Empty<string>(),
            .. topFeatures > 0 ? [GraphNames.FeatureErrors, GraphNames.Reconstruction] : Array.Empty<string>()];
        foreach (string output in outputs)
            columns.Add(output, Prefix + output);
        AutoencoderTransformer scorer;
        using (var model = found.Model.WithMetadata(found.Metadata with { Columns = columns }, new OptionalScores(null, hasPValue)))
            scorer = ml.Autoencoders().FromModel(model, scoring);
        var pipeline = new TransformerChain<ITransformer>([
            .. TransformerChains.PartsOf(loaded, TransformerScope.Scoring).TakeWhile(step => step != found), scorer]);
        schema ??= SchemaOf(found);
        return new ServedModel(pipeline, scorer, RowColumns.Of(path, schema, pipeline, Prefix + GraphNames.Score),
            Math.Min(topFeatures, found.Metadata.FeatureCount), hasPValue, Convert.ToHexString(SHA256.HashData(bytes))[..16]);
    }

    /// <summary>Takes a lease, unless the model has been released.</summary>
    public bool TryLease()
    {
        for (int leases = Volatile.Read(ref _leases); leases > 0; leases = Volatile.Read(ref _leases))
        {
            if (Interlocked.CompareExchange(ref _leases, leases + 1, leases) == leases)
                return true;
        }
        return false;
    }

    /// <summary>Ends a lease.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) == 0)
            (_pipeline as IDisposable)?.Dispose();
    }

    /// <summary>Scores rows.</summary>
    /// <param name="rows">The rows, as <see cref="RowColumns.Convert(IReadOnlyDictionary{string, object})"/> gives them.</param>
    /// <param name="scores">Takes the scores, as many as there are rows.</param>
    public void Score(IReadOnlyList<object[]> rows, Span<RowScore> scores)
    {
        var scored = _pipeline.Transform(Columns.View(rows));
        DataViewSchema.Column Column(string output) => scored.Schema[Prefix + output];
        var features = scored.Schema[_scorer.Columns[GraphNames.Features]];
        List<DataViewSchema.Column> needed = [Column(GraphNames.Score), Column(GraphNames.IsAnomaly)];
        if (_hasPValue)
            needed.Add(Column(GraphNames.PValue));
        if (_topFeatures > 0)
            needed.AddRange([Column(GraphNames.FeatureErrors), Column(GraphNames.Reconstruction), features]);
        using var cursor = scored.GetRowCursor(needed);
        var score = cursor.GetGetter<float>(Column(GraphNames.Score));
        var isAnomaly = cursor.GetGetter<bool>(Column(GraphNames.IsAnomaly));
        var pValue = _hasPValue ? cursor.GetGetter<float>(Column(GraphNames.PValue)) : null;
        var explain = _topFeatures > 0 ? new Explanation(cursor, Column(GraphNames.FeatureErrors), Column(GraphNames.Reconstruction),
            features, _scorer.Metadata.FeatureNames, _topFeatures) : null;
        for (int i = 0; i < scores.Length && cursor.MoveNext(); i++)
        {
            float value = 0, p = 0;
            bool anomaly = false;
            score(ref value);
            isAnomaly(ref anomaly);
            pValue?.Invoke(ref p);
            scores[i] = new RowScore(value, anomaly, pValue is null ? null : p, explain?.Read() ?? [], Info.Version);
        }
    }

    /// <summary>The schema of rows for an autoencoder that was saved with none.</summary>
    private static DataViewSchema SchemaOf(AutoencoderTransformer autoencoder)
    {
        var builder = new DataViewSchema.Builder();
        foreach (string input in AutoencoderColumns.Inputs(autoencoder.Columns))
            builder.AddColumn(autoencoder.Columns[input],
                new VectorDataViewType(NumberDataViewType.Single, autoencoder.Model.Width(input)));
        return builder.ToSchema();
    }

    /// <summary>Reads what is behind the score of the row that a cursor stands on.</summary>
    private sealed class Explanation(DataViewRowCursor cursor, DataViewSchema.Column errors, DataViewSchema.Column reconstruction,
        DataViewSchema.Column features, IReadOnlyList<string> names, int count)
    {
        private readonly ValueGetter<VBuffer<float>> _errors = cursor.GetGetter<VBuffer<float>>(errors),
            _expected = cursor.GetGetter<VBuffer<float>>(reconstruction);
        private readonly ValueGetter<VBuffer<float>>? _values =
            features.Type is VectorDataViewType ? cursor.GetGetter<VBuffer<float>>(features) : null;
        private readonly ValueGetter<float>? _value = features.Type is VectorDataViewType ? null : cursor.GetGetter<float>(features);
        private readonly int[] _top = new int[count];
        private VBuffer<float> _errorBuffer, _expectedBuffer, _valueBuffer;

        public FeatureContribution[] Read()
        {
            _errors(ref _errorBuffer);
            _expected(ref _expectedBuffer);
            float single = 0;
            _values?.Invoke(ref _valueBuffer);
            _value?.Invoke(ref single);
            float[] all = [.. _errorBuffer.DenseValues()];
            TopFeatures.Find(all, _top);
            double sum = TopFeatures.Sum(all);
            return Array.ConvertAll(_top, j => new FeatureContribution(names[j],
                _values is null ? single : _valueBuffer.GetItemOrDefault(j), _expectedBuffer.GetItemOrDefault(j), all[j],
                TopFeatures.Share(all[j], sum)));
        }
    }
}

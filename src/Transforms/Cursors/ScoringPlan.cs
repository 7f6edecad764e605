using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// How one autoencoder is applied to data of one schema: which columns go in, which come out, and the schema that
/// results.
/// </summary>
internal sealed class ScoringPlan
{
    private readonly AutoencoderModel _model;
    private readonly string[] _inputs;
    private readonly OutputColumn[] _outputs;

    public ScoringPlan(AutoencoderModel model, IReadOnlyDictionary<string, string> columns, IEnumerable<OutputColumn> outputs,
        DataViewSchema input)
    {
        _model = model;
        InputSchema = input;
        _inputs = AutoencoderColumns.Inputs(columns);
        InputColumns =
            [.. _inputs.Select(name => AutoencoderColumns.FindInput(input, name, columns[name], model.Width(name), nameof(input)))];
        AutoencoderColumns.CheckKeyValues(InputColumns, model.Metadata, nameof(input));
        _outputs = [.. outputs];

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var column in _outputs)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The columns of the input schema that the graph reads.</summary>
    public DataViewSchema.Column[] InputColumns { get; }

    /// <summary>
    /// The number of values that the network reads for each row: a score with samples or masks runs it for each of
    /// these.
    /// </summary>
    public int ValuesOfRow => _inputs.Sum(_model.Width) * Math.Max(1, _model.Metadata.ScoreSamples);

    public ScoringOptions Scoring => _model.Scoring;

    /// <summary>Is called for every row whose condition is a missing key.</summary>
    public Action? OnMissingKey { get; init; }

    public bool RefusesMissing => _model.Metadata.MissingValues == MissingValuePolicy.Error;

    /// <summary>Whether a column of the output schema is one that the autoencoder adds.</summary>
    public bool IsOutput(int column) => column >= InputSchema.Count;

    /// <summary>The columns of the input schema that are needed for some columns of the output schema.</summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IReadOnlyCollection<DataViewSchema.Column> outputColumns)
    {
        var needed = outputColumns.Where(column => !IsOutput(column.Index)).Select(column => column.Index).ToHashSet();
        if (outputColumns.Any(column => IsOutput(column.Index)))
            needed.UnionWith(InputColumns.Select(column => column.Index));
        return needed.Order().Select(index => InputSchema[index]);
    }

    /// <summary>The memory that one row takes in the buffers of a runner for some columns of the output schema.</summary>
    public long RowBytes(IEnumerable<DataViewSchema.Column> active) =>
        _model.RowBytes(_inputs.Concat(
            active.Where(column => IsOutput(column.Index)).SelectMany(column => Output(column.Index).Sources).Distinct()));

    /// <summary>Makes a runner for what some columns of the output schema take from the graph.</summary>
    /// <param name="active">The columns that will be read.</param>
    /// <param name="capacity">The most rows of a run.</param>
    /// <param name="places">For each column that the autoencoder adds, by its index: the places in the runner of the
    /// outputs that it takes.</param>
    public BatchRunner CreateRunner(IEnumerable<DataViewSchema.Column> active, int capacity, out Dictionary<int, int[]> places)
    {
        int[] columns = [.. active.Select(column => column.Index).Where(IsOutput).Distinct()];
        string[] outputs = [.. columns.SelectMany(column => Output(column).Sources).Distinct().Order(StringComparer.Ordinal)];
        places = columns.ToDictionary(column => column, column =>
            Array.ConvertAll(Output(column).Sources, source => Array.IndexOf(outputs, source)));
        return _model.CreateRunner(_inputs, outputs, capacity);
    }

    /// <summary>Makes a getter of a column that the autoencoder adds.</summary>
    /// <exception cref="InvalidOperationException">The column has values of another type.</exception>
    public ValueGetter<TValue> CreateGetter<TValue>(DataViewSchema.Column column, IOutputRow source, int[] places) =>
        Output(column.Index).CreateGetter(source, places) as ValueGetter<TValue> ?? throw WrongType<TValue>(column);

    /// <summary>What is said where a getter of a wrong type is asked for.</summary>
    public static InvalidOperationException WrongType<TValue>(DataViewSchema.Column column) =>
        new($"The column '{column.Name}' has values of type {column.Type.RawType}; a getter of {typeof(TValue)} was asked for.");

    public string SlotName(int input, int slot) =>
        _inputs[input] == GraphNames.Features ? _model.Metadata.FeatureNames[slot] : $"{InputColumns[input].Name}[{slot}]";

    private OutputColumn Output(int column) => _outputs[column - InputSchema.Count];
}

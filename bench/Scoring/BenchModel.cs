using Google.Protobuf;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>
/// A model to score with, and the rows that it scores. Nothing is trained: the speed of a network does not depend on
/// its weights.
/// </summary>
internal sealed class BenchModel : IDisposable
{
    private readonly AutoencoderTransformer _allCores;
    private readonly AutoencoderTransformer _oneThread;

    private BenchModel(string name, string shape, AutoencoderTransformer transformer, byte[] scorer, RowBlock block)
    {
        Name = name;
        Shape = shape;
        _allCores = transformer;
        _oneThread = transformer.WithScoring(new ScoringOptions { IntraOpThreads = 1 });
        Scorer = scorer;
        Graph = new AutoencoderModel(scorer, $"The graph of '{name}'");
        Block = block;
    }

    public string Name { get; }

    public string Shape { get; }

    /// <summary>The bytes of the scorer, an ONNX file.</summary>
    public byte[] Scorer { get; }

    /// <summary>The same graph for the other side, to be cut to the asked-for outputs.</summary>
    public AutoencoderModel Graph { get; }

    public RowBlock Block { get; }

    /// <summary>A dense autoencoder with its initial weights.</summary>
    public static BenchModel Dense(MLContext ml, string name, int features, int hidden, int code, int blockRows)
    {
        var block = RowBlock.Random(blockRows, features);
        var transformer = ml.Autoencoders().Dense(new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [hidden] },
            Code = new CodeOptions { Size = code },
            CodeColumnName = "Code",
            ReconstructionColumnName = "Reconstruction",
            Epochs = 0,
            Seed = 1,
        }).Fit(new BlockView(block, "Features", 512));
        return new BenchModel(name, $"{features}-{hidden}-{code}-{hidden}-{features}", transformer, Export(transformer), block);
    }

    /// <summary>An anomaly detector, trained on one thread.</summary>
    public static BenchModel Detector(MLContext ml, string name, int rows, int features, int blockRows,
        Action<AnomalyDetectionEstimator.Options> change)
    {
        var options = new AnomalyDetectionEstimator.Options { Seed = 1, Threads = 1 };
        change(options);
        var transformer = ml.Autoencoders().AnomalyDetection(options).Fit(new BlockView(RowBlock.Random(rows, features), "Features", rows));
        return new BenchModel(name, $"{features} features", transformer, Export(transformer), RowBlock.Random(blockRows, features));
    }

    /// <summary>
    /// An encoder of one layer of 784 x 64 weights, and a decoder of 64 x 1856 + 1856 x 1856 + 1856 x 784: a hundred
    /// times as many.
    /// </summary>
    public static BenchModel HeavyDecoder(MLContext ml) =>
        Untrained(ml, "heavy decoder", [784, 64], [64, 1856, 1856, 784], blockRows: 2048);

    /// <summary>A dense autoencoder with made weights, for which libtorch is not needed.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="encoder">The widths of the encoder, from features to code.</param>
    /// <param name="decoder">The widths of the decoder, from code to features.</param>
    /// <param name="blockRows">The rows to score.</param>
    public static BenchModel Untrained(MLContext ml, string name, int[] encoder, int[] decoder, int blockRows)
    {
        int features = encoder[0];
        var random = new Random(1);
        byte[] scorer = ScorerGraph.Build(
            new AutoencoderParts
            {
                Encoder = (graph, input, _) => Stack(graph, "encoder", input, encoder, random),
                Decoder = (graph, input, _) => Stack(graph, "decoder", input, decoder, random),
            },
            new AutoencoderMetadata
            {
                Variant = "dense",
                FeatureNames = [.. Enumerable.Range(0, features).Select(i => $"Features[{i}]")],
                CodeSize = encoder[^1],
                Scaling = "none",
                ScalingOffsets = new float[features],
                ScalingScales = [.. Enumerable.Repeat(1f, features)],
                FeatureMeans = new float[features],
                Loss = "mean_squared",
                MissingValues = "nan",
                Options = "{}",
                Seed = 1,
                ThreadCount = 1,
                Training = "{}",
                Columns = Outputs.All.Pairs.ToDictionary(pair => pair.Output, pair => pair.Column)
                    .Append(new(GraphNames.Features, "Features")).ToDictionary(),
            }).ToByteArray();
        var transformer = ml.Autoencoders().FromModel(new AutoencoderModel(scorer, $"The graph of '{name}'"));
        string shape = string.Join('-', encoder.Concat(decoder[1..]));
        return new BenchModel(name, shape, transformer, scorer, RowBlock.Random(blockRows, features));
    }

    /// <summary>The model as a transformer.</summary>
    /// <param name="threads">ONNX Runtime's threads within one run: 1, or null for its default, which is all cores.</param>
    public AutoencoderTransformer Transformer(int? threads) => threads == 1 ? _oneThread : _allCores;

    /// <summary>Opens a cursor over the model's block, repeated without end.</summary>
    public ColumnReader Open(Outputs outputs, int? threads) => Open(outputs, Transformer(threads));

    /// <summary>The same with a transformer of the caller's.</summary>
    public ColumnReader Open(Outputs outputs, AutoencoderTransformer transformer) =>
        new(transformer.Transform(new BlockView(Block, "Features", long.MaxValue)), outputs.Columns);

    public void Dispose()
    {
        _oneThread.Dispose();
        _allCores.Dispose();
        Graph.Dispose();
    }

    private static byte[] Export(AutoencoderTransformer transformer)
    {
        var folder = Directory.CreateTempSubdirectory("bench-");
        try
        {
            string scorer = Path.Combine(folder.FullName, "scorer.onnx");
            transformer.ExportOnnx(Path.Combine(folder.FullName, "encoder.onnx"), Path.Combine(folder.FullName, "decoder.onnx"), scorer);
            return File.ReadAllBytes(scorer);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Stack(OnnxGraphBuilder graph, string part, string input, int[] widths, Random random)
    {
        for (int layer = 1; layer < widths.Length; layer++)
        {
            if (layer > 1)
                input = graph.Node("Relu", $"{part}/relu{layer - 1}", [input]);
            input = Dense(graph, $"{part}/dense{layer}", input, widths[layer - 1], widths[layer], random);
        }
        return input;
    }

    private static string Dense(OnnxGraphBuilder graph, string name, string input, int from, int to, Random random)
    {
        float[] weights = new float[from * to];
        float bound = 1 / MathF.Sqrt(from);
        for (int i = 0; i < weights.Length; i++)
            weights[i] = bound * ((2 * random.NextSingle()) - 1);
        return graph.Node("Gemm", name, [input, graph.Initializer($"{name}/weight", weights, from, to),
            graph.Initializer($"{name}/bias", new float[to], to)]);
    }
}

using Microsoft.ML;
using Microsoft.ML.Transforms.Onnx;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>ML.NET's own transformer over the exported scorer, asked for the score.</summary>
internal sealed class StockScorer : IDisposable
{
    private readonly RowBlock _block;
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"bench-{Guid.NewGuid():N}.onnx");

    public StockScorer(MLContext ml, BenchModel model, int? threads)
    {
        _block = model.Block;
        File.WriteAllBytes(_file, model.Scorer);
        Transformer = ml.Transforms.ApplyOnnxModel(new OnnxOptions
        {
            ModelFile = _file,
            InputColumns = [GraphNames.Features],
            OutputColumns = [GraphNames.Score],
            IntraOpNumThreads = threads,
        }).Fit(new BlockView(_block, GraphNames.Features, 1));
    }

    public OnnxTransformer Transformer { get; }

    /// <summary>Opens a cursor over the model's block, repeated without end.</summary>
    public ColumnReader Open() => new(Transformer.Transform(new BlockView(_block, GraphNames.Features, long.MaxValue)), GraphNames.Score);

    public void Dispose()
    {
        Transformer.Dispose();
        File.Delete(_file);
    }
}

using MLNetAutoencoder.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>An encoder or a decoder: a module for training that can write itself into a graph.</summary>
internal interface INetworkPart : IDisposable
{
    nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>Writes the part with its present weights.</summary>
    string Emit(OnnxGraphBuilder graph, string input);
}

/// <summary>Encoder and decoder over scaled rows.</summary>
internal sealed class AutoencoderNetwork(INetworkPart encoder, INetworkPart decoder) : IDisposable
{
    public Tensor Encode(Tensor rows) => encoder.Module.call(rows);

    public Tensor Decode(Tensor codes) => decoder.Module.call(codes);

    public IEnumerable<Parameter> Parameters => encoder.Module.parameters().Concat(decoder.Module.parameters());

    /// <summary>The number of weights and biases.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.numel());

    /// <summary>Writes the scorer graph with the present weights.</summary>
    public byte[] ToScorerGraph(AutoencoderMetadata metadata, bool withProbability = false) => ScorerGraph.Build(encoder.Emit, decoder.Emit, metadata, withProbability);

    public void Dispose()
    {
        encoder.Dispose();
        decoder.Dispose();
    }
}

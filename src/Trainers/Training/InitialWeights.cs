using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Starts a network from the weights in a file instead of random ones.</summary>
internal static class InitialWeights
{
    /// <summary>By how much, relative to the scale, the file's scaling may differ from that of the data before it is told.</summary>
    private const double ScalingTolerance = 0.01;

    /// <summary>Gives the network the weights of a file.</summary>
    /// <param name="path">The safetensors file.</param>
    /// <param name="network">The network.</param>
    /// <param name="scaling">The scaling of the training rows, which stays.</param>
    /// <param name="channel">Is told where the weights belong to another scaling.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file breaks a rule of its format, or a tensor is missing, has another
    /// shape or is not expected.</exception>
    public static void Load(string path, AutoencoderNetwork network, FeatureScaling scaling, IChannel channel)
    {
        var file = SafeTensors.ReadFile(path);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        (string Name, Tensor Tensor)[] weights =
            [.. network.GraphWeights.Select(weight => (TorchWeights.NameOf(weight.Name), weight.Tensor))];
        var found = file.Expect(weights.ToDictionary(
            weight => weight.Name, weight => (IReadOnlyList<long>)weight.Tensor.shape, StringComparer.Ordinal),
            TorchWeights.ScalingOffset, TorchWeights.ScalingScale);
        Tensor[] values = [.. weights.Select(weight => Values(file, found[weight.Name]).reshape(weight.Tensor.shape))];

        // From the last on: a tied layer has no weights of its own, and must have been given those of the encoder.
        for (int i = weights.Length - 1; i >= 0; i--)
            weights[i].Tensor.copy_(values[i]);
        for (int i = 0; i < weights.Length; i++)
        {
            if (!weights[i].Tensor.cpu().allclose(values[i]))
                throw new InvalidDataException(
                    $"{file.Source} has the tensor '{weights[i].Name}', which does not fit the network: its layer shares its weights, " +
                    "transposed, with one of the encoder, whose are others.");
        }
        network.Unfold();
        if (network.LikelihoodLogVariance is { } likelihood
            && file.Metadata.TryGetValue(TorchWeights.LikelihoodVarianceKey, out string? text)
            && double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture,
                out double variance) && variance > 0)
            likelihood.Fill(Math.Log(variance));
        if (file.Find(TorchWeights.ScalingOffset)?.Values is { } offsets && file.Find(TorchWeights.ScalingScale)?.Values is { } scales
            && Differs(scaling, offsets.Span, scales.Span))
            channel.Warning(MessageSensitivity.None,
                $"{file.Source} has the weights of a network whose features were scaled otherwise than the training rows are. They are " +
                "scaled as the option Scaling says; only further training makes the weights fit.");
    }

    private static Tensor Values(SafeTensors file, SafeTensor found)
    {
        float[] values = found.Values.ToArray();
        int broken = Array.FindIndex(values, value => !float.IsFinite(value));
        return broken < 0 ? tensor(values, dtype: ScalarType.Float32, device: CPU) : throw new InvalidDataException(
            FormattableString.Invariant($"{file.Source} has {values[broken]} in the tensor '{found.Name}'; expected numbers."));
    }

    private static bool Differs(FeatureScaling scaling, ReadOnlySpan<float> offsets, ReadOnlySpan<float> scales)
    {
        if (offsets.Length != scaling.Offsets.Length || scales.Length != scaling.Scales.Length)
            return true;
        for (int j = 0; j < offsets.Length; j++)
        {
            if (Math.Abs(offsets[j] - scaling.Offsets[j]) > ScalingTolerance * Math.Abs(scaling.Scales[j])
                || Math.Abs(scales[j] - scaling.Scales[j]) > ScalingTolerance * Math.Abs(scaling.Scales[j]))
                return true;
        }
        return false;
    }
}

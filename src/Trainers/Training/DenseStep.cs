using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A step of a plain dense network with the mean squared error, its backward pass written out instead of recorded.</summary>
/// <remarks>
/// With h₀ the batch, hₗ = fₗ(hₗ₋₁Wₗᵀ + bₗ), L = |h_L − target|² / n over the n values of the batch: δ_L = 2/n (h_L −
/// target) ∘ f′, ∂L/∂Wₗ = δₗᵀ hₗ₋₁, ∂L/∂bₗ = 1ᵀ δₗ, δₗ₋₁ = δₗ Wₗ ∘ f′ (Rumelhart, Hinton and Williams 1986). Each
/// product is one call into libtorch on buffers that stay from step to step; what goes elementwise is done in place,
/// one pass each. Automatic differentiation makes several times as many calls and allocates each result. On the CPU
/// only; a test holds the gradients to those of automatic differentiation.
/// </remarks>
internal sealed class DenseStep : ITrainingStep
{
    private const float LeakySlope = 0.01f;

    private readonly Corruption? _corruption;
    private readonly TrainingSet _set;
    private readonly DenseLayer[] _layers;
    private readonly Tensor[] _transposed, _weightGradients, _biasGradients;
    private readonly Dictionary<long, Buffers> _buffers = [];

    private DenseStep(DenseLayer[] layers, Corruption? corruption, TrainingSet set)
    {
        (_corruption, _set) = (corruption, set);
        using var none = no_grad();
        _layers = layers;
        _transposed = Array.ConvertAll(layers, layer => Keep(layer.Weight.t()));
        _weightGradients = Array.ConvertAll(layers, layer => Keep(zeros_like(layer.Weight)));
        _biasGradients = Array.ConvertAll(layers, layer => Keep(zeros_like(layer.Bias)));
        Attach();
    }

    /// <summary>The step for a network, or null where it is not a plain one.</summary>
    public static DenseStep? TryCreate(AutoencoderNetwork network, AutoencoderEstimator.Options options, TrainingSet set)
    {
        bool isPlain = options is { Loss: ReconstructionLoss.MeanSquared, FeatureWeights: null, WeightColumnName: null,
            ConditionColumnName: null, Penalties.Count: 0, WeightL1: 0, WeightL2: 0 }
            && options.Code is { Variational: null, Normalization: CodeNormalization.None, NoiseDeviation: 0, OffsetColumnName: null };
        if (!isPlain || network.Device.type != DeviceType.CPU || set.IsMasked
            || network.IsMasked || network is not { Trunk: DenseStack trunk, Decoder: DenseStack decoder })
            return null;
        DenseLayer[] layers = [.. trunk.Layers, network.CodeLayer.Units, .. decoder.Layers];
        return layers.All(layer => layer.IsPlain && layer.Activation is Activation.Linear or Activation.ReLU or Activation.LeakyReLU
            or Activation.Tanh or Activation.Sigmoid) ? new DenseStep(layers, options.Corruption, set) : null;
    }

    /// <summary>Makes the buffers of the gradients those of the parameters.</summary>
    public void Attach()
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Weight.grad = _weightGradients[i];
            _layers[i].Bias.grad = _biasGradients[i];
        }
    }

    public void Run(TrainingBatch batch, int epoch, Pass pass, StepLosses losses)
    {
        using var scope = NewDisposeScope();
        losses.Add(Run(_corruption?.Apply(batch.Rows, _set, pass.Generator) ?? batch.Rows, batch.Rows));
    }

    /// <summary>Leaves the gradients of a batch in the parameters.</summary>
    /// <param name="input">What the encoder sees, [b, d].</param>
    /// <param name="target">What is to be reconstructed, [b, d].</param>
    /// <returns>The loss: the mean squared error.</returns>
    public double Run(Tensor input, Tensor target)
    {
        using var none = no_grad();
        long count = input.shape[0];
        if (!_buffers.TryGetValue(count, out var buffers))
            _buffers.Add(count, buffers = new Buffers(_layers, count));

        for (int i = 0; i < _layers.Length; i++)
        {
            var output = buffers.Outputs[i];
            output.copy_(_layers[i].Bias);
            output.addmm_(i == 0 ? input : buffers.Outputs[i - 1], _transposed[i]);
            Activate(_layers[i].Activation, output);
        }
        int last = _layers.Length - 1;
        double loss = OutputDelta(Floats(buffers.Outputs[last]), Floats(target), Floats(buffers.Deltas[last]));
        for (int i = last; i >= 0; i--)
        {
            MultiplyBySlope(_layers[i].Activation, Floats(buffers.Outputs[i]), Floats(buffers.Deltas[i]));
            _weightGradients[i].addmm_(buffers.TransposedDeltas[i], i == 0 ? input : buffers.Outputs[i - 1], beta: 0);
            buffers.BiasGradient(i, _biasGradients[i]).addmm_(buffers.Ones, buffers.Deltas[i], beta: 0);
            if (i > 0)
                buffers.Deltas[i - 1].addmm_(buffers.Deltas[i], _layers[i].Weight, beta: 0);
        }
        return loss;
    }

    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            layer.Weight.grad = null;
            layer.Bias.grad = null;
        }
        foreach (var tensor in _transposed.Concat(_weightGradients).Concat(_biasGradients))
            tensor.Dispose();
        foreach (var buffers in _buffers.Values)
            buffers.Dispose();
    }

    private static Tensor Keep(Tensor tensor) => tensor.DetachFromDisposeScope();

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Span<Vector<float>> Vectors(Span<float> values) => MemoryMarshal.Cast<float, Vector<float>>(values);

    private static void Activate(Activation activation, Tensor output)
    {
        switch (activation)
        {
            case Activation.ReLU:
                Rectify(Floats(output), 0);
                break;
            case Activation.LeakyReLU:
                Rectify(Floats(output), LeakySlope);
                break;
            case Activation.Tanh:
                output.tanh_();
                break;
            case Activation.Sigmoid:
                output.sigmoid_();
                break;
        }
    }

    private static void Rectify(Span<float> values, float slope)
    {
        var vectors = Vectors(values);
        for (int i = 0; i < vectors.Length; i++)
            vectors[i] = Vector.ConditionalSelect(Vector.GreaterThan(vectors[i], Vector<float>.Zero), vectors[i], vectors[i] * slope);
        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
            values[i] = values[i] > 0 ? values[i] : values[i] * slope;
    }

    /// <summary>δ = 2/n (h − target); gives the mean of (h − target)².</summary>
    private static double OutputDelta(Span<float> output, Span<float> target, Span<float> delta)
    {
        // Sums of a few thousand squares in Single, these in Double: the digits of a mean over many.
        const int stretch = 4096;
        float factor = 2f / output.Length;
        double sum = 0;
        for (int start = 0; start < output.Length; start += stretch)
        {
            int length = Math.Min(stretch, output.Length - start);
            Span<float> h = output.Slice(start, length), t = target.Slice(start, length), d = delta.Slice(start, length);
            Span<Vector<float>> hs = Vectors(h), ts = Vectors(t), ds = Vectors(d);
            var squares = Vector<float>.Zero;
            for (int i = 0; i < hs.Length; i++)
            {
                var difference = hs[i] - ts[i];
                squares += difference * difference;
                ds[i] = difference * factor;
            }
            double part = Vector.Sum(squares);
            for (int i = hs.Length * Vector<float>.Count; i < length; i++)
            {
                float difference = h[i] - t[i];
                part += difference * difference;
                d[i] = difference * factor;
            }
            sum += part;
        }
        return sum / output.Length;
    }

    /// <summary>δ ← δ ∘ f′, with f′ from f's value.</summary>
    private static void MultiplyBySlope(Activation activation, Span<float> output, Span<float> delta)
    {
        Span<Vector<float>> outputs = Vectors(output), deltas = Vectors(delta);
        int rest = outputs.Length * Vector<float>.Count;
        switch (activation)
        {
            case Activation.ReLU or Activation.LeakyReLU:
                float slope = activation == Activation.ReLU ? 0 : LeakySlope;
                for (int i = 0; i < outputs.Length; i++)
                    deltas[i] = Vector.ConditionalSelect(Vector.GreaterThan(outputs[i], Vector<float>.Zero), deltas[i], deltas[i] * slope);
                for (int i = rest; i < output.Length; i++)
                    delta[i] = output[i] > 0 ? delta[i] : delta[i] * slope;
                break;
            case Activation.Tanh:
                for (int i = 0; i < outputs.Length; i++)
                    deltas[i] *= Vector<float>.One - outputs[i] * outputs[i];
                for (int i = rest; i < output.Length; i++)
                    delta[i] *= 1 - output[i] * output[i];
                break;
            case Activation.Sigmoid:
                for (int i = 0; i < outputs.Length; i++)
                    deltas[i] *= outputs[i] * (Vector<float>.One - outputs[i]);
                for (int i = rest; i < output.Length; i++)
                    delta[i] *= output[i] * (1 - output[i]);
                break;
        }
    }

    /// <summary>What a step writes to, for one number of rows.</summary>
    private sealed class Buffers : IDisposable
    {
        private readonly Dictionary<int, Tensor> _biasRows = [];

        public Buffers(DenseLayer[] layers, long count)
        {
            Outputs = Array.ConvertAll(layers, layer => Zeros(count, layer.Outputs));
            Deltas = Array.ConvertAll(layers, layer => Zeros(count, layer.Outputs));
            TransposedDeltas = Array.ConvertAll(Deltas, delta => Keep(delta.t()));
            Ones = Keep(ones([1, count], dtype: ScalarType.Float32, device: CPU));
        }

        public Tensor[] Outputs { get; }

        public Tensor[] Deltas { get; }

        public Tensor[] TransposedDeltas { get; }

        public Tensor Ones { get; }

        /// <summary>A bias's gradient as a row, [1, n], over the same memory.</summary>
        public Tensor BiasGradient(int layer, Tensor gradient)
        {
            if (!_biasRows.TryGetValue(layer, out var row))
                _biasRows.Add(layer, row = Keep(gradient.view(1, gradient.shape[0])));
            return row;
        }

        public void Dispose()
        {
            foreach (var tensor in Outputs.Concat(Deltas).Concat(TransposedDeltas).Concat(_biasRows.Values).Append(Ones))
                tensor.Dispose();
        }

        private static Tensor Zeros(long rows, long columns) => Keep(zeros([rows, columns], dtype: ScalarType.Float32, device: CPU));
    }
}

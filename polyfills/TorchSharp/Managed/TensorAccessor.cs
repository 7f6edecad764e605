using System.Collections;

namespace TorchSharp.Utils;

/// <summary>A CPU tensor's elements in the order of its indices, whatever its strides: the tensor's own memory, not a copy.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T>
    where T : unmanaged
{
    private readonly T* _data;
    private readonly long[] _shape, _strides;
    private readonly bool _contiguous;
    private torch.Tensor? _tensor;

    internal TensorAccessor(torch.Tensor tensor)
    {
        _data = (T*)tensor.DataPointer();
        (_shape, _strides, _contiguous) = (tensor.shape, tensor.stride(), tensor.is_contiguous());
        // Kept: the memory is the tensor's.
        _tensor = tensor;
    }

    public long Count => _tensor?.numel() ?? 0;

    /// <summary>The element at an index for each axis, or at one index into all of them.</summary>
    public T this[params long[] indices]
    {
        get => _data[indices.Length == 1 ? Offset(indices[0]) : Offset(indices)];
        set => _data[indices.Length == 1 ? Offset(indices[0]) : Offset(indices)] = value;
    }

    public T[] ToArray()
    {
        T[] result = new T[Count];
        if (result.Length > 0)
            CopyTo(result);
        return result;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies as many elements as there are from <paramref name="tensorIndex"/> on, or as there is room for.</summary>
    internal void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (tensorIndex < 0 || tensorIndex >= Count)
            throw new ArgumentOutOfRangeException(nameof(tensorIndex));
        int count = (int)Math.Min(Count - tensorIndex, array.Length - arrayIndex);
        if (_contiguous)
        {
            new ReadOnlySpan<T>(_data + tensorIndex, count).CopyTo(array[arrayIndex..]);
            return;
        }

        for (int i = 0; i < count; i++)
            array[arrayIndex + i] = _data[Offset(tensorIndex + i)];
    }

    public IEnumerator<T> GetEnumerator()
    {
        long count = Count;
        for (long i = 0; i < count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _tensor = null;

    private long Offset(long index)
    {
        if (index < 0 || index >= Count)
            throw new IndexOutOfRangeException();
        if (_contiguous)
            return index;
        long offset = 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            (index, long here) = Math.DivRem(index, _shape[i]);
            offset += here * _strides[i];
        }

        return offset;
    }

    private long Offset(long[] indices)
    {
        long offset = 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            if (indices[i] < 0 || indices[i] >= _shape[i])
                throw new IndexOutOfRangeException($"{indices[i]} >= {_shape[i]} in dimension {i}.");
            offset += indices[i] * _strides[i];
        }

        return offset;
    }
}

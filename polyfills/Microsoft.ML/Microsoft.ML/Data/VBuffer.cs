using System.Collections;

namespace Microsoft.ML.Data;

/// <summary>A vector, dense or sparse, whose arrays the reader and the writer of a column pass back and forth.</summary>
public readonly struct VBuffer<T> : IEnumerable
{
    public readonly int Length;

    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    public VBuffer(int length, T[] values, int[] indices = null)
    {
        Refuse.Unless(length >= 0, nameof(length));
        Refuse.Unless(SizeOf(values) >= length, nameof(values));
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        Refuse.Unless(length >= 0, nameof(length));
        Refuse.Unless(count >= 0 && count <= length, nameof(count));
        Refuse.Unless(SizeOf(values) >= count, nameof(values));
        Refuse.Unless(count == length || SizeOf(indices) >= count, nameof(indices));
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    public bool IsDense => _count == Length;

    internal static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        Refuse.Unless(length >= 0 && length <= SizeOf(source), nameof(length));
        Refuse.Unless(sourceIndex >= 0 && sourceIndex <= SizeOf(source) - length, nameof(sourceIndex));
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public void CopyToDense(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length, _count);
        GetValues().CopyTo(editor.Values);
        GetIndices().CopyTo(editor.Indices);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        Refuse.Unless(sourceIndex >= 0 && sourceIndex <= Length, nameof(sourceIndex));
        Refuse.Unless(length >= 0 && sourceIndex <= Length - length, nameof(length));
        int first = IsDense ? sourceIndex : FirstAtOrAfter(sourceIndex);
        int count = IsDense ? length : FirstAtOrAfter(sourceIndex + length) - first;
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length, count);
        _values.AsSpan(first, count).CopyTo(editor.Values);
        for (int i = 0; i < editor.Indices.Length; i++)
            editor.Indices[i] = _indices[first + i] - sourceIndex;
        destination = editor.Commit();
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        if (destinationIndex < 0 || destinationIndex > destination.Length - Length)
            throw new ArgumentOutOfRangeException(nameof(destination), "Not large enough to hold these values.");
        Span<T> target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }

        // Without any explicit value the package writes zeros, whatever the default asked for.
        target.Fill(_count == 0 ? default : defaultValue);
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        VBuffer<T> self = this;
        return all || IsDense
            ? self.DenseValues().Select((value, slot) => KeyValuePair.Create(slot, value))
            : Enumerable.Range(0, _count).Select(i => KeyValuePair.Create(self._indices[i], self._values[i]));
    }

    public IEnumerable<T> DenseValues()
    {
        int next = 0;
        for (int slot = 0; slot < Length; slot++)
        {
            if (IsDense)
                yield return _values[slot];
            else if (next < _count && _indices[next] == slot)
                yield return _values[next++];
            else
                yield return default;
        }
    }

    public T GetItemOrDefault(int index)
    {
        Refuse.Unless(index >= 0 && index < Length, nameof(index));
        if (IsDense)
            return _values[index];
        int i = FirstAtOrAfter(index);
        return i < _count && _indices[i] == index ? _values[i] : default;
    }

    public IEnumerator GetEnumerator() => _values.GetEnumerator();

    public override string ToString() =>
        IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    internal VBufferEditor<T> Edit(int length, int? valuesCount, int? maxValuesCapacity = null, bool keepOld = false, bool requireIndicesOnDense = false)
    {
        Refuse.Unless(length >= 0, "newLogicalLength", "Must be non-negative.");
        Refuse.Unless(valuesCount is null or >= 0, nameof(valuesCount), "If specified, must be non-negative.");
        Refuse.Unless(valuesCount is null || valuesCount <= length, nameof(valuesCount), "If specified, must be no greater than newLogicalLength");
        int count = valuesCount ?? length;
        T[] values = _values;
        int[] indices = _indices;
        bool newValues = Grow(ref values, count, maxValuesCapacity, keepOld);
        if (count < length || requireIndicesOnDense)
            Grow(ref indices, count, maxValuesCapacity, keepOld);
        return new VBufferEditor<T>(length, count, values, indices, requireIndicesOnDense, newValues);
    }

    internal VBufferEditor<T> Edit() => Edit(Length, _count);

    private static int SizeOf<TItem>(TItem[] array) => array?.Length ?? 0;

    // A first array is exactly as long as asked for; a grown one at least doubles, so that growing buffers settle.
    private static bool Grow<TItem>(ref TItem[] array, int needed, int? limit, bool keepOld)
    {
        int have = SizeOf(array);
        if (have >= needed)
            return false;
        int size = have == 0 ? needed : Math.Max(needed, (int)Math.Min(Math.Min(2L * have, limit ?? Array.MaxLength), Array.MaxLength));
        if (keepOld)
            Array.Resize(ref array, size);
        else
            array = new TItem[size];
        return true;
    }

    private int FirstAtOrAfter(int slot)
    {
        int i = _count == 0 ? -1 : Array.BinarySearch(_indices, 0, _count, slot);
        return i >= 0 ? i : ~i;
    }
}

public static class VBufferEditor
{
    public static VBufferEditor<T> Create<T>(
        scoped ref VBuffer<T> destination,
        int newLogicalLength,
        int? valuesCount = null,
        int? maxValuesCapacity = null,
        bool keepOldOnResize = false,
        bool requireIndicesOnDense = false) =>
        destination.Edit(newLogicalLength, valuesCount, maxValuesCapacity, keepOldOnResize, requireIndicesOnDense);
}

/// <summary>Writes a <see cref="VBuffer{T}"/> into the arrays of an older one.</summary>
public readonly ref struct VBufferEditor<T>
{
    public readonly Span<T> Values;
    public readonly Span<int> Indices;

    private readonly int _length;
    private readonly T[] _values;
    private readonly int[] _indices;

    internal VBufferEditor(int length, int count, T[] values, int[] indices, bool requireIndicesOnDense, bool newValues)
    {
        _length = length;
        _values = values;
        _indices = indices;
        Values = values.AsSpan(0, count);
        Indices = count < length || requireIndicesOnDense ? indices.AsSpan(0, count) : default;
        CreatedNewValues = newValues;
    }

    public bool CreatedNewValues { get; }

    public VBuffer<T> Commit() => new(_length, Values.Length, _values, _indices);

    public VBuffer<T> CommitTruncated(int physicalValuesCount)
    {
        Refuse.Unless(physicalValuesCount <= Values.Length, nameof(physicalValuesCount), "More values than the editor was created with.");
        return new(_length, physicalValuesCount, _values, _indices);
    }
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace MLNetAutoencoder;

/// <summary>A list of an option: a copy, which no later change reaches, equal to every list of the same values.</summary>
internal sealed class ValueList<T>(IEnumerable<T> values) : IReadOnlyList<T>
{
    private readonly T[] _values = [.. values];

    public int Count => _values.Length;

    public T this[int index] => _values[index];

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override bool Equals(object? other) => other is ValueList<T> list && _values.AsSpan().SequenceEqual(list._values);

    public override int GetHashCode() => _values.Aggregate(0, HashCode.Combine);
}

internal static class ValueList
{
    /// <summary>The copy of a list, or null, which the checks of the options refuse where it is not allowed.</summary>
    [return: NotNullIfNotNull(nameof(values))]
    public static IReadOnlyList<T>? Of<T>(IReadOnlyList<T>? values) => values is null or ValueList<T> ? values : new ValueList<T>(values);
}

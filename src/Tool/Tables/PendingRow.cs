using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>
/// A row that was read and is not written yet: its text, and some of its values. Scoring runs in batches, so that the
/// reader is some rows ahead; the row goes along as a column.
/// </summary>
internal sealed class PendingRow
{
    private char[] _text = new char[256];
    private int _length;
    private int _lineLength;
    private readonly List<int> _ends = [];

    /// <summary>The number of the row in the file, from 1.</summary>
    public long Row { get; private set; }

    /// <summary>The row's text in the file.</summary>
    public ReadOnlySpan<char> Line => _text.AsSpan(0, _lineLength);

    /// <summary>The text of one of the values that were asked for; empty where it is missing.</summary>
    public ReadOnlySpan<char> Value(int place)
    {
        int start = place == 0 ? _lineLength : _ends[place - 1];
        return _text.AsSpan(start, _ends[place] - start);
    }

    public void Append(ReadOnlySpan<char> text)
    {
        if (_length + text.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(_length + text.Length, 2 * _text.Length));
        text.CopyTo(_text.AsSpan(_length));
        _length += text.Length;
    }

    /// <summary>Becomes a copy of another row.</summary>
    public void CopyFrom(PendingRow other)
    {
        (Row, _length, _lineLength) = (other.Row, 0, other._lineLength);
        Append(other._text.AsSpan(0, other._length));
        _ends.Clear();
        _ends.AddRange(other._ends);
    }

    /// <summary>Takes the row that a reader stands on, of which no value has been read yet.</summary>
    public void Start(TableReader reader, bool keepsLine)
    {
        Row = reader.Row;
        _length = 0;
        _ends.Clear();
        if (keepsLine)
            reader.AppendRow(this);
        _lineLength = _length;
    }

    public void AddValue(ReadOnlySpan<char> value)
    {
        Append(value);
        _ends.Add(_length);
    }
}

/// <summary>
/// The type of the column that has a row's text. Being none of ML.NET's own, it also keeps ML.NET from reading ahead on other threads.
/// </summary>
internal sealed class PendingRowType : StructuredDataViewType
{
    public static readonly PendingRowType Instance = new();

    private PendingRowType() : base(typeof(PendingRow))
    {
    }

    public override bool Equals(DataViewType? other) => other is PendingRowType;

    public override int GetHashCode() => typeof(PendingRowType).GetHashCode();
}

/// <summary>What is wanted of the rows of a file beside what the model reads.</summary>
/// <param name="KeepsLines">Whether the text of whole rows is wanted.</param>
/// <param name="Columns">The columns whose texts are wanted besides.</param>
internal sealed record PendingValues(bool KeepsLines, IReadOnlyList<int> Columns);

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>
/// A row that was read and is not written yet: its text, and some of its values. Scoring runs in batches, so that the
/// file is some rows ahead.
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

/// <summary>The rows that were read and are not written yet, in their order.</summary>
/// <param name="keepsLines">Whether the text of whole rows is wanted.</param>
/// <param name="columns">The columns whose values are wanted besides.</param>
internal sealed class PendingRows(bool keepsLines, IReadOnlyList<int> columns)
{
    private readonly LinkedList<PendingRow> _rows = [];

    // Written rows serve again.
    private readonly Stack<LinkedListNode<PendingRow>> _free = [];

    public void Add(TableReader reader)
    {
        if (!_free.TryPop(out var node))
            node = new LinkedListNode<PendingRow>(new PendingRow());
        node.Value.Start(reader, keepsLines);
        _rows.AddLast(node);
    }

    /// <summary>Adds the values that are wanted to the last row.</summary>
    public void AddValues(TableReader reader)
    {
        var row = _rows.Last!.Value;
        for (int i = 0; i < columns.Count; i++)
            row.AddValue(reader.Text(columns[i]));
    }

    /// <summary>The first row. It is good until the next one is asked for.</summary>
    public PendingRow Take()
    {
        var node = _rows.First!;
        _rows.RemoveFirst();
        _free.Push(node);
        return node.Value;
    }

    public void DropLast()
    {
        var node = _rows.Last!;
        _rows.RemoveLast();
        _free.Push(node);
    }
}

using System.Globalization;
using System.Text;
using nietras.SeparatedValues;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>Reads separated values; quoted ones may hold separators and ends of lines.</summary>
internal sealed class CsvTableReader : TableReader
{
    private readonly SepReader _reader;
    private readonly CultureInfo _culture;
    private readonly FileStream? _file;
    private readonly TableColumn[] _columns;

    // Without a header the first line is a row, which has been read already.
    private bool _isAtFirstRow;

    /// <summary>Makes a reader and reads the names of the columns.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="content">The text, in UTF-8 or, with a byte order mark, in UTF-16.</param>
    /// <param name="file">The file under it, which tells how far it is read; null where there is none.</param>
    /// <param name="options">How it is read.</param>
    public CsvTableReader(string name, Stream content, FileStream? file, TableOptions options) : base(name, options)
    {
        _file = file;
        _culture = CultureInfo.InvariantCulture;
        if (options.HasDecimalComma)
        {
            _culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            _culture.NumberFormat.NumberDecimalSeparator = ",";
            _culture.NumberFormat.NumberGroupSeparator = ".";
        }
        var text = new StreamReader(content, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16);
        try
        {
            _reader = Sep.Reader(o => o with
            {
                Sep = options.Separator is { } separator ? new Sep(separator) : null,
                HasHeader = false,
                Unescape = true,
                DisableColCountCheck = true,
                CultureInfo = _culture,
            }).From(text);
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Damaged(e);
        }
        if (!Next())
            throw new InputException($"'{name}' is empty; expected a line with the names of the columns, and rows.");
        if (_reader.Current.Span.Contains('\0'))
            throw new InputException($"'{name}', line 1 has a NUL character; expected UTF-8 text, or UTF-16 with a byte order mark.");
        _columns = new TableColumn[_reader.Current.ColCount];
        for (int i = 0; i < _columns.Length; i++)
            _columns[i] = new TableColumn(options.HasHeader ? NameOf(i) : FormattableString.Invariant($"c{i + 1}"));
        if (_columns.CountBy(column => column.Name).FirstOrDefault(pair => pair.Value > 1).Key is { } twice)
            throw new InputException(
                $"'{name}' has {_columns.Count(column => column.Name == twice)} columns with the name '{Shown(twice)}'; expected names " +
                "that differ.");
        _isAtFirstRow = !options.HasHeader;
    }

    public override IReadOnlyList<TableColumn> Columns => _columns;

    public override char Separator => _reader.Spec.Sep.Separator;

    public override double? Fraction => _file is { Length: > 0 } ? (double)_file.Position / _file.Length : null;

    public override string Place => string.Create(CultureInfo.InvariantCulture,
        $"'{FileName}', row {Row} (line {_reader.Current.LineNumberFrom})");

    public override string? Fault
    {
        get
        {
            var row = _reader.Current;
            if (row.ColCount != _columns.Length)
                return $"{Place} has {row.ColCount} values; expected {_columns.Length}, as many as there are columns.";
            if (!row.Span.Contains('\0'))
                return null;
            int column = 0;
            while (!row[column].Span.Contains('\0'))
                column++;
            return $"{Place}, column '{_columns[column].Name}' has a NUL character; expected text.";
        }
    }

    protected override CultureInfo Culture => _culture;

    public override bool MoveNext()
    {
        if (_isAtFirstRow)
        {
            _isAtFirstRow = false;
            Row = 1;
            return true;
        }
        do
        {
            if (!Next())
                return false;
        }
        while (_columns.Length > 1 && _reader.Current.Span.IsWhiteSpace());
        Row++;
        return true;
    }

    public override ReadOnlySpan<char> Text(int column)
    {
        var text = _reader.Current[column].Span.Trim();
        return IsMissing(text) ? [] : text;
    }

    public override bool TryNumber(int column, out float value)
    {
        var cell = _reader.Current[column];
        if (cell.TryParse(out value))
        {
            if (IsMissingNumber(cell.Span.Trim()))
                value = float.NaN;
            return true;
        }
        var text = cell.Span.Trim();
        if (float.TryParse(text, NumberStyles.Float, _culture, out value))
            return true;
        value = float.NaN;
        return IsMissing(text);
    }

    public override void AppendRow(PendingRow destination) => destination.Append(_reader.Current.Span);

    public override void Dispose() => _reader.Dispose();

    // As pandas writes the column of row numbers, without a name.
    private string NameOf(int column) => _reader.Current[column].Span.Trim() is { IsEmpty: false } name ? name.ToString()
        : FormattableString.Invariant($"c{column + 1}");

    private bool Next()
    {
        try
        {
            return _reader.MoveNext();
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Damaged(e);
        }
    }

    private static bool IsFault(Exception e) => e is InvalidDataException or NotSupportedException or ArgumentException;

    /// <summary>One sentence of what Sep and the decompression say.</summary>
    private InputException Damaged(Exception e)
    {
        string reason = e.Message.ReplaceLineEndings(" ");
        return new InputException(string.Create(CultureInfo.InvariantCulture,
            $"'{FileName}' cannot be read after row {Row}: {(reason.Length > 300 ? reason[..300] + "..." : reason)}"), e);
    }
}

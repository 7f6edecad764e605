using System.Globalization;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>The lines of files that hold rows: without header, comments and blank lines.</summary>
internal static class TextLines
{
    internal static IEnumerable<(string Text, long Number)> Read(IMultiStreamSource files, bool skipHeader)
    {
        for (int file = 0; file < files.Count; file++)
        {
            using TextReader reader = files.OpenTextReader(file);
            bool atTop = true;
            long number = 0;
            while (reader.ReadLine() is { } line)
            {
                number++;
                // '#' marks comments at the top of a file only.
                if (line.Length == 0 || line.StartsWith("//", StringComparison.Ordinal) || (atTop && line[0] == '#'))
                    continue;
                bool isHeader = atTop && skipHeader;
                atTop = false;
                if (!isHeader)
                    yield return (line, number);
            }
        }
    }
}

/// <summary>The fields of one line. Empty ones are not stored; a line may give its last ones as "index:value".</summary>
internal sealed class TextFields(TextLoader.Options options)
{
    private readonly Dictionary<int, ReadOnlyMemory<char>> _fields = [];
    private readonly StringBuilder _quoted = new();
    private readonly bool _spaceSeparates = options.Separators.Contains(' ');

    /// <summary>The text of a field, empty where there is none.</summary>
    internal ReadOnlyMemory<char> this[int index] => _fields.GetValueOrDefault(index);

    /// <summary>Splits a line and returns how many fields it has.</summary>
    internal int Split(string line)
    {
        _fields.Clear();
        if (options.TrimWhitespace)
            line = line.TrimEnd();
        int position = 0, source = 0, sparseFrom = -1, sparseSize = 0;
        for (bool more = true; more;)
        {
            (ReadOnlyMemory<char> text, int index) = Next(line, ref position, out more);
            if (index < 0)
            {
                if (sparseFrom >= 0)
                    break;
                Store(source++, text);
                continue;
            }

            if (sparseFrom < 0)
            {
                // The field before the first "index:value" is the number of fields that such pairs count in.
                if (source > 0 && int.TryParse(this[source - 1].Span, NumberStyles.None, CultureInfo.InvariantCulture, out sparseSize))
                {
                    sparseFrom = source - 1;
                    _fields.Remove(sparseFrom);
                }
                else
                {
                    break;
                }
            }

            if (index < sparseSize)
                Store(sparseFrom + index, text);
        }

        return sparseFrom >= 0 ? sparseFrom + sparseSize : source;
    }

    private void Store(int index, ReadOnlyMemory<char> text)
    {
        if (!text.IsEmpty)
            _fields[index] = text;
    }

    private (ReadOnlyMemory<char> Text, int Index) Next(string line, ref int position, out bool more)
    {
        SkipSpaces(line, ref position);
        int index = -1;
        if (options.AllowSparse)
        {
            int colon = position;
            while (colon < line.Length && char.IsAsciiDigit(line[colon]))
                colon++;
            if (colon > position && colon < line.Length && line[colon] == ':' && int.TryParse(line.AsSpan(position, colon - position), out index))
            {
                position = colon + 1;
                SkipSpaces(line, ref position);
            }
            else
            {
                index = -1;
            }
        }

        ReadOnlyMemory<char> text = options.AllowQuoting && position < line.Length && line[position] == '"'
            ? Quoted(line, ref position)
            : Plain(line, ref position);
        more = position < line.Length;
        position++;
        return (text, index);
    }

    private ReadOnlyMemory<char> Plain(string line, ref int position)
    {
        int start = position;
        int end = line.AsSpan(start).IndexOfAny(options.Separators);
        position = end < 0 ? line.Length : start + end;
        return line.AsMemory(start, position - start);
    }

    // Two quotes in a quoted field stand for one. A field whose quoting is broken is empty.
    private ReadOnlyMemory<char> Quoted(string line, ref int position)
    {
        _quoted.Clear();
        bool closed = false;
        for (position++; position < line.Length && !closed; position++)
        {
            if (line[position] != '"')
                _quoted.Append(line[position]);
            else if (position + 1 < line.Length && line[position + 1] == '"')
                _quoted.Append(line[++position]);
            else
                closed = true;
        }

        for (; position < line.Length && !options.Separators.Contains(line[position]); position++)
            closed &= line[position] == ' ';
        return closed ? _quoted.ToString().AsMemory() : default;
    }

    private void SkipSpaces(string line, ref int position)
    {
        while (!_spaceSeparates && position < line.Length && line[position] == ' ')
            position++;
    }
}

using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>
/// Writes a table as separated values to a file, which appears whole or not at all, or to standard output. A name that
/// ends in ".gz" makes it gzip.
/// </summary>
internal sealed class TableWriter : IDisposable
{
    private readonly string? _path;
    private readonly TemporaryFile? _temporary;
    private readonly StreamWriter _writer;
    private readonly char _separator;
    private readonly NumberFormatInfo _numbers;
    private readonly char[] _number = new char[64];
    private bool _isAtStart = true;
    private long _rows;

    /// <summary>Makes a writer.</summary>
    /// <param name="path">The file; null for standard output.</param>
    /// <param name="separator">What separates the values.</param>
    /// <param name="hasDecimalComma">Whether numbers have a comma.</param>
    public TableWriter(string? path, char separator, bool hasDecimalComma)
    {
        _path = path;
        _separator = separator;
        _numbers = (NumberFormatInfo)NumberFormatInfo.InvariantInfo.Clone();
        if (hasDecimalComma)
            _numbers.NumberDecimalSeparator = ",";
        _temporary = path is null ? null : TemporaryFile.Beside(path);
        try
        {
            Stream stream = _temporary is null ? Console.OpenStandardOutput() : File.Create(_temporary.Path);
            if (path?.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) == true)
                stream = new GZipStream(stream, CompressionLevel.Fastest);
            _writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16) { NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _temporary?.Dispose();
            throw new InputException($"The file '{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>A value, in quotes where it would not come back otherwise.</summary>
    public static string Quoted(string? value, char separator) => value is null ? ""
        : value.AsSpan().ContainsAny('"', '\n', '\r') || value.Contains(separator)
            || (value.Length > 0 && (value[0] == ' ' || value[^1] == ' '))
            ? $"\"{value.Replace("\"", "\"\"")}\"" : value;

    /// <summary>Writes values as they stand in a file: with their separators and quotes.</summary>
    public void Raw(ReadOnlySpan<char> values)
    {
        Separate();
        _writer.Write(values);
    }

    public void Text(ReadOnlySpan<char> value)
    {
        Separate();
        if (value.ContainsAny('"', '\n', '\r') || value.Contains(_separator))
            _writer.Write(Quoted(value.ToString(), _separator));
        else
            _writer.Write(value);
    }

    /// <summary>Writes a number with as many digits as bring it back; NaN is written as nothing.</summary>
    public void Number(float value)
    {
        int length = 0;
        if (!float.IsNaN(value))
            value.TryFormat(_number, out length, default, _numbers);
        Text(_number.AsSpan(0, length));
    }

    public void Number(long value)
    {
        value.TryFormat(_number, out int length, default, CultureInfo.InvariantCulture);
        Text(_number.AsSpan(0, length));
    }

    public void Flag(bool value) => Raw(value ? "true" : "false");

    public void EndRow()
    {
        _writer.Write('\n');
        _isAtStart = true;

        // Who waits for standard output sees the first row at once.
        if (_temporary is null && _rows++ <= 1)
            _writer.Flush();
    }

    /// <summary>Puts the file in its place.</summary>
    public void Complete()
    {
        _writer.Dispose();
        if (_path is not null)
            _temporary!.MoveTo(_path);
    }

    public void Dispose()
    {
        if (_temporary is not null)
        {
            _writer.Dispose();
            _temporary.Dispose();
        }
    }

    private void Separate()
    {
        if (!_isAtStart)
            _writer.Write(_separator);
        _isAtStart = false;
    }
}

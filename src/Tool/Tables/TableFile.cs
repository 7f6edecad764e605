using System.IO.Compression;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>A CSV or Parquet file, or standard input ("-"). What it is, is seen by its first bytes.</summary>
internal sealed class TableFile : IDisposable
{
    public const string StandardInput = "-";

    private readonly string _path;
    private readonly TableOptions _options;
    private readonly TemporaryFile? _spooled;
    private Stream? _once;

    private TableFile(string path, TableOptions options, TemporaryFile? spooled, Stream? once) =>
        (_path, _options, _spooled, _once) = (path, options, spooled, once);

    public string Name => _path == StandardInput ? "standard input" : _path;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The path, or "-" for standard input.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="isReadAgain">Whether it is read more than once; standard input is then written to a temporary file.</param>
    /// <exception cref="InputException">There is no such file.</exception>
    public static TableFile Open(string path, TableOptions options, bool isReadAgain)
    {
        if (path != StandardInput)
        {
            if (!File.Exists(path))
                throw new InputException(Directory.Exists(path) ? $"'{path}' is a folder; expected a CSV or Parquet file."
                    : $"There is no file '{path}'.");
            return new TableFile(path, options, spooled: null, once: null);
        }
        var input = new PrefixedStream(Console.OpenStandardInput());
        if (!isReadAgain && !IsParquet(input.Prefix))
            return new TableFile(path, options, spooled: null, input);
        var spooled = TemporaryFile.Somewhere();
        using (input)
        using (var file = File.Create(spooled.Path))
            input.CopyTo(file);
        return new TableFile(path, options, spooled, once: null);
    }

    /// <summary>A reader that starts at the first row.</summary>
    /// <exception cref="InputException">The file is empty, or is none that can be read.</exception>
    public TableReader Read()
    {
        var file = _once is null ? File.OpenRead(_spooled?.Path ?? _path) : null;
        var stream = file is null ? (PrefixedStream)(_once ?? throw new InvalidOperationException("Standard input is read once."))
            : new PrefixedStream(file);
        _once = null;
        if (stream.Prefix.IsEmpty)
        {
            stream.Dispose();
            throw new InputException($"'{Name}' is empty; expected a line with the names of the columns, and rows.");
        }
        if (IsParquet(stream.Prefix))
        {
            file!.Position = 0;
            return ParquetTableReader.Open(Name, file, _options);
        }
        try
        {
            return new CsvTableReader(Name, Content(stream), file, _options);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"'{Name}' is a damaged gzip file: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public void Dispose()
    {
        _once?.Dispose();
        _spooled?.Dispose();
    }

    private static Stream Content(PrefixedStream stream) => stream.Prefix is [0x1f, 0x8b, ..]
        ? new PrefixedStream(new GZipStream(stream, CompressionMode.Decompress)) : stream;

    private static bool IsParquet(ReadOnlySpan<byte> prefix) => prefix.StartsWith("PAR1"u8);
}

/// <summary>A stream whose first bytes are looked at before it is read.</summary>
internal sealed class PrefixedStream : Stream
{
    private readonly Stream _stream;
    private readonly byte[] _prefix = new byte[4];
    private readonly int _length;
    private int _position;

    public PrefixedStream(Stream stream)
    {
        _stream = stream;
        _length = stream.ReadAtLeast(_prefix, _prefix.Length, throwOnEndOfStream: false);
    }

    public ReadOnlySpan<byte> Prefix => _prefix.AsSpan(0, _length);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_position == _length)
            return _stream.Read(buffer);
        int count = Math.Min(buffer.Length, _length - _position);
        _prefix.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stream.Dispose();
        base.Dispose(disposing);
    }
}

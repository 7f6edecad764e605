using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Makes data views of text files with a row on each line.</summary>
public sealed class TextLoader : IDataLoader<IMultiStreamSource>
{
    private readonly Options _options;
    private readonly TextColumn[] _columns;
    private readonly DataViewSchema _schema;
    private readonly string _header;

    internal TextLoader(Options options, IMultiStreamSource dataSample, string header = null)
    {
        _options = options ?? new Options();
        _header = header;
        Column[] columns = _options.Columns is { Length: > 0 } given
            ? given
            : [new Column("Label", DataKind.Single, 0), new Column("Features", DataKind.Single, [new Range(1, null)])];

        // Names and numbers of columns come from a sample only: a loader made without one knows neither.
        bool open = Array.Exists(columns, column => Array.Exists(column.Source ?? [], range => range.AutoEnd && range.Max is null));
        var lines = new List<string>();
        if (dataSample is not null && (open || _options.HasHeader))
            lines.AddRange(TextLines.Read(dataSample, skipHeader: false).Take(open ? 100 : 1).Select(line => line.Text));
        if (_options.HasHeader)
            _header ??= lines.FirstOrDefault();
        int inputSize = open ? SizeOf(lines) : 0;
        _columns = Array.ConvertAll(columns, column => new TextColumn(column, inputSize));
        _schema = MakeSchema();
    }

    public DataViewSchema GetOutputSchema() => _schema;

    public IDataView Load(IMultiStreamSource source) => new TextDataView(_options, _columns, _schema, source);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("TextLoader", GetType());
        BinaryWriter writer = ctx.Writer;
        writer.Write(_options.AllowQuoting);
        writer.Write(_options.AllowSparse);
        writer.Write(_options.TrimWhitespace);
        writer.Write(_options.HasHeader);
        writer.Write(_options.MissingRealsAsNaNs);
        writer.Write(_options.MaxRows ?? -1);
        writer.Write(new string(_options.Separators));
        writer.Write(_header ?? "");
        writer.Write(_columns.Length);
        foreach (TextColumn column in _columns)
            column.Save(writer);
    }

    internal static TextLoader Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        BinaryReader reader = ctx.Reader;
        var options = new Options
        {
            AllowQuoting = reader.ReadBoolean(),
            AllowSparse = reader.ReadBoolean(),
            TrimWhitespace = reader.ReadBoolean(),
            HasHeader = reader.ReadBoolean(),
            MissingRealsAsNaNs = reader.ReadBoolean(),
            MaxRows = reader.ReadInt64() is >= 0 and long rows ? rows : null,
            Separators = reader.ReadString().ToCharArray(),
        };
        string header = reader.ReadString();
        options.Columns = new Column[reader.ReadInt32()];
        for (int i = 0; i < options.Columns.Length; i++)
            options.Columns[i] = TextColumn.Load(reader);
        return new TextLoader(options, null, header.Length > 0 ? header : null);
    }

    internal static TextLoader For<TInput>(Options options, IMultiStreamSource dataSample)
    {
        options ??= new Options();
        options.Columns = TextColumn.Of(typeof(TInput));
        return new TextLoader(options, dataSample);
    }

    private int SizeOf(List<string> lines)
    {
        int[] sizes = [.. lines.Where(line => line.Length > 0).Select(line => new TextFields(_options).Split(line)).Distinct()];
        Refuse.Unless(sizes.Length > 0, "Source", "Can't determine the number of source columns without valid data");
        Refuse.Unless(sizes.Length == 1, "Source", "The size of input lines is not consistent");
        return sizes[0];
    }

    private DataViewSchema MakeSchema()
    {
        TextFields names = null;
        if (!string.IsNullOrEmpty(_header))
        {
            names = new TextFields(_options);
            names.Split(_header);
        }

        var schema = new DataViewSchema.Builder();
        foreach (TextColumn column in _columns)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            if (names is not null && column.Type is VectorDataViewType { IsKnownSize: true })
            {
                ReadOnlyMemory<char>[] slots = [.. column.Sources(int.MaxValue).Select(source => names[source].ToString().Trim().AsMemory())];
                if (Array.Exists(slots, slot => !slot.IsEmpty))
                    annotations.AddNames(AnnotationKinds.SlotNames, slots);
            }

            schema.AddColumn(column.Name, column.Type, annotations.ToAnnotations());
        }

        return schema.ToSchema();
    }

    public sealed class Column
    {
        public string Name;
        internal readonly Range[] Source;
        internal readonly KeyCount KeyCount;

        public Column(string name, DataKind dataKind, int index)
            : this(name, dataKind, [new Range(index)])
        {
        }

        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
            : this(name, dataKind, [new Range(minIndex, maxIndex)])
        {
        }

        public Column(string name, DataKind dataKind, Range[] source, KeyCount keyCount = null)
        {
            Refuse.Null(name, nameof(name));
            Refuse.Null(source, nameof(source));
            Name = name;
            DataKind = dataKind;
            Source = source;
            KeyCount = keyCount;
        }

        internal DataKind DataKind { get; }
    }

    public sealed class Range
    {
        internal int Min;
        internal int? Max;
        internal bool AutoEnd;
        internal bool VariableEnd;
        internal bool ForceVector;

        internal Range()
        {
        }

        public Range(int index)
        {
            Refuse.Unless(index >= 0, nameof(index), "Must be non-negative");
            Min = index;
            Max = index;
        }

        public Range(int min, int? max)
        {
            Refuse.Unless(min >= 0, nameof(min), "Must be non-negative");
            Refuse.Unless(!(max < min), nameof(max), "If specified, must be greater than or equal to min");
            Min = min;
            Max = max;
            AutoEnd = max is null;
            ForceVector = true;
        }
    }

    public class Options
    {
        internal bool AllowQuoting;
        internal bool AllowSparse;
        public Column[] Columns;
        public bool HasHeader;
        public long? MaxRows;
        public bool MissingRealsAsNaNs;
        public char[] Separators = ['\t'];
        internal bool TrimWhitespace;
    }
}

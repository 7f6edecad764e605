using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>A column of a text file: its name, its type, and the fields of a line that it is made of.</summary>
internal sealed class TextColumn
{
    private readonly TextLoader.Column _column;
    private readonly List<(int Min, int Limit)> _segments = [];

    internal TextColumn(TextLoader.Column column, int inputSize)
    {
        _column = column;
        Refuse.Blank(column.Name, "Name");
        Refuse.Unless(column.Source is { Length: > 0 }, "Source", "Must specify some source column indices");
        foreach (TextLoader.Range range in column.Source)
        {
            if (range.Max is null && range.AutoEnd)
                Refuse.Unless(range.Min < inputSize, "Min", $"Column #{range.Min} not found in the dataset (it only has {inputSize} columns)");
            int limit = range.Max + 1 ?? (range.AutoEnd ? inputSize : range.VariableEnd ? int.MaxValue : range.Min + 1);
            _segments.Add((range.Min, limit));
        }

        (int Min, int Limit)[] ordered = [.. _segments.Order()];
        for (int i = 1; i < ordered.Length; i++)
            Refuse.Unless(ordered[i - 1].Limit <= ordered[i].Min, "Source", $"Intervals specified for column '{column.Name}' overlap");

        PrimitiveDataViewType item = column.KeyCount is { } keys
            ? new KeyDataViewType(DataViewTypes.FromKind(column.DataKind).RawType, keys.Count)
            : DataViewTypes.FromKind(column.DataKind);
        bool isVariable = _segments.Exists(segment => segment.Limit == int.MaxValue);
        int size = isVariable ? 0 : _segments.Sum(segment => segment.Limit - segment.Min);
        Type = isVariable || size > 1 || column.Source[0].ForceVector ? new VectorDataViewType(item, size) : item;
    }

    internal string Name => _column.Name.Trim();

    internal DataViewType Type { get; }

    /// <summary>The fields of this column, in order, in a line of the given number of fields.</summary>
    internal IEnumerable<int> Sources(int fields) => _segments.SelectMany(segment =>
        Enumerable.Range(segment.Min, Math.Max(0, (segment.Limit == int.MaxValue ? fields : segment.Limit) - segment.Min)));

    /// <summary>The columns that the <see cref="LoadColumnAttribute"/>s of a class describe.</summary>
    internal static TextLoader.Column[] Of(Type type)
    {
        IEnumerable<MemberInfo> fields = type.GetFields(BindingFlags.Public | BindingFlags.Instance);
        IEnumerable<MemberInfo> properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetGetMethod() is not null && property.GetIndexParameters().Length == 0);
        TextLoader.Column[] columns = [.. fields.Concat(properties).Select(member =>
        {
            string kind = member is FieldInfo ? "Field" : "Property";
            LoadColumnAttribute source = member.GetCustomAttribute<LoadColumnAttribute>()
                ?? throw new InvalidOperationException($"{kind} '{member.Name}' is missing the LoadColumnAttribute attribute");
            Type declared = member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;
            Type item = declared.IsArray ? declared.GetElementType() : declared;
            Refuse.StateUnless(Enum.TryParse(item.Name, out DataKind dataKind), $"{kind} {member.Name} is of unsupported type.");
            string name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
            return new TextLoader.Column(name, dataKind, source.Sources, member.GetCustomAttribute<KeyTypeAttribute>()?.KeyCount);
        })];
        Refuse.Unless(columns.Length > 0, "TInput", "Should define at least one public, readable field or property in TInput.");
        return columns;
    }

    internal static TextLoader.Column Load(BinaryReader reader)
    {
        string name = reader.ReadString();
        var kind = (DataKind)reader.ReadByte();
        ulong keys = reader.ReadUInt64();
        var ranges = new TextLoader.Range[reader.ReadInt32()];
        for (int i = 0; i < ranges.Length; i++)
        {
            int min = reader.ReadInt32();
            int limit = reader.ReadInt32();
            bool isVariable = limit == int.MaxValue;
            ranges[i] = new TextLoader.Range { Min = min, Max = isVariable ? null : limit - 1, VariableEnd = isVariable, ForceVector = reader.ReadBoolean() };
        }

        return new TextLoader.Column(name, kind, ranges, keys > 0 ? new KeyCount(keys) : null);
    }

    internal void Save(BinaryWriter writer)
    {
        writer.Write(Name);
        writer.Write((byte)_column.DataKind);
        writer.Write(Type.ItemOf().KeyCountOf());
        writer.Write(_segments.Count);
        foreach ((int min, int limit) in _segments)
        {
            writer.Write(min);
            writer.Write(limit);
            writer.Write(Type is VectorDataViewType);
        }
    }
}

/// <summary>Values from the text of a field.</summary>
internal delegate bool TextParser<T>(ReadOnlyMemory<char> text, out T value);

internal static class TextParsers
{
    // What is no number at all is missing where the type has a missing value, and an error where it has none.
    internal static TextParser<T> For<T>(PrimitiveDataViewType type)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        Delegate parser = type switch
        {
            KeyDataViewType key => Generic.Call<Delegate>(Key<uint>, key.RawType, key.Count),
            TextDataViewType => (TextParser<ReadOnlyMemory<char>>)((ReadOnlyMemory<char> text, out ReadOnlyMemory<char> value) =>
            {
                value = text;
                return true;
            }),
            BooleanDataViewType => (TextParser<bool>)Boolean,
            DateTimeDataViewType => (TextParser<DateTime>)((ReadOnlyMemory<char> text, out DateTime value) => DateTime.TryParse(
                text.Span, culture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value)),
            DateTimeOffsetDataViewType => (TextParser<DateTimeOffset>)((ReadOnlyMemory<char> text, out DateTimeOffset value) => DateTimeOffset.TryParse(
                text.Span, culture, DateTimeStyles.AssumeUniversal, out value)),
            TimeSpanDataViewType => (TextParser<TimeSpan>)((ReadOnlyMemory<char> text, out TimeSpan value) => TimeSpan.TryParse(text.Span, culture, out value)),
            _ when type == NumberDataViewType.Single => Real(float.NaN),
            _ when type == NumberDataViewType.Double => Real(double.NaN),
            _ => Generic.Call<Delegate>(Integer<int>, type.RawType),
        };
        return (TextParser<T>)parser;
    }

    private static TextParser<T> Real<T>(T missing)
        where T : struct, System.Numerics.IFloatingPointIeee754<T> =>
        (ReadOnlyMemory<char> text, out T value) =>
        {
            ReadOnlySpan<char> span = text.Span.Trim();
            if (span.IsEmpty)
                value = T.Zero;
            else if (!T.TryParse(span, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
                value = missing;
            return true;
        };

    private static TextParser<T> Integer<T>()
        where T : struct, System.Numerics.IBinaryInteger<T> =>
        (ReadOnlyMemory<char> text, out T value) => T.TryParse(text.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    // A key in a file counts from 0; what is out of range is missing.
    private static TextParser<T> Key<T>(ulong count)
        where T : struct, System.Numerics.IBinaryInteger<T> =>
        (ReadOnlyMemory<char> text, out T value) =>
        {
            bool isKey = ulong.TryParse(text.Span, NumberStyles.None, CultureInfo.InvariantCulture, out ulong key) && key < count;
            value = isKey ? T.CreateTruncating(key + 1) : T.Zero;
            return true;
        };

    private static bool Boolean(ReadOnlyMemory<char> text, out bool value)
    {
        string word = text.ToString().ToUpperInvariant();
        value = word is "1" or "T" or "Y" or "+" or "+1" or "TRUE" or "YES";
        return value || word is "" or "0" or "-" or "-1" or "F" or "N" or "FALSE" or "NO";
    }
}

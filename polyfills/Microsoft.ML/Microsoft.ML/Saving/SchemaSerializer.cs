using System.Collections.Immutable;
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Writes a schema, with the annotations that have a value of a stock type, and reads it back.</summary>
internal static class SchemaSerializer
{
    private const byte Primitive = 1;
    private const byte Key = 2;
    private const byte Vector = 3;

    internal static void Write(BinaryWriter writer, DataViewSchema schema)
    {
        DataViewSchema.Column[] columns = [.. schema.Where(column => CanWrite(column.Type))];
        writer.Write(columns.Length);
        foreach (DataViewSchema.Column column in columns)
        {
            writer.Write(column.Name);
            WriteType(writer, column.Type);
            DataViewSchema.Annotations annotations = column.Annotations;
            DataViewSchema.Column[] kinds = [.. annotations.Schema.Where(annotation => CanWrite(annotation.Type))];
            writer.Write(kinds.Length);
            foreach (DataViewSchema.Column kind in kinds)
            {
                writer.Write(kind.Name);
                WriteType(writer, kind.Type);
                Generic.Call<object>(kind.Type is VectorDataViewType ? WriteVector<int> : WriteScalar<int>, kind.Type.ItemOf().RawType, writer, annotations, kind);
            }
        }
    }

    internal static DataViewSchema Read(BinaryReader reader)
    {
        var schema = new DataViewSchema.Builder();
        for (int n = reader.ReadInt32(); n > 0; n--)
        {
            string name = reader.ReadString();
            DataViewType type = ReadType(reader);
            var annotations = new DataViewSchema.Annotations.Builder();
            for (int kinds = reader.ReadInt32(); kinds > 0; kinds--)
            {
                string kind = reader.ReadString();
                DataViewType kindType = ReadType(reader);
                Generic.Call<object>(kindType is VectorDataViewType ? ReadVector<int> : ReadScalar<int>, kindType.ItemOf().RawType, reader, annotations, kind, kindType);
            }

            schema.AddColumn(name, type, annotations.ToAnnotations());
        }

        return schema.ToSchema();
    }

    private static bool CanWrite(DataViewType type) => type.ItemOf() is KeyDataViewType || DataViewTypes.FromRaw(type.ItemOf().RawType) is not null;

    internal static void WriteType(BinaryWriter writer, DataViewType type)
    {
        switch (type)
        {
            case VectorDataViewType vector:
                writer.Write(Vector);
                writer.Write(vector.Dimensions.Length);
                foreach (int dimension in vector.Dimensions)
                    writer.Write(dimension);
                WriteType(writer, vector.ItemType);
                break;
            case KeyDataViewType key:
                writer.Write(Key);
                writer.Write(key.RawType.FullName);
                writer.Write(key.Count);
                break;
            default:
                writer.Write(Primitive);
                writer.Write(type.RawType == typeof(ReadOnlyMemory<char>) ? typeof(string).FullName : type.RawType.FullName);
                break;
        }
    }

    internal static DataViewType ReadType(BinaryReader reader)
    {
        byte form = reader.ReadByte();
        if (form == Vector)
        {
            var dimensions = new int[reader.ReadInt32()];
            for (int i = 0; i < dimensions.Length; i++)
                dimensions[i] = reader.ReadInt32();
            return new VectorDataViewType((PrimitiveDataViewType)ReadType(reader), ImmutableArray.Create(dimensions));
        }

        string name = reader.ReadString();
        Type raw = typeof(object).Assembly.GetType(name) ?? typeof(SchemaSerializer).Assembly.GetType(name) ?? throw new FormatException();
        return form == Key ? new KeyDataViewType(raw, reader.ReadUInt64()) : DataViewTypes.FromRaw(raw) ?? throw new FormatException();
    }

    private static object WriteScalar<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, DataViewSchema.Column kind)
    {
        T value = default;
        annotations.GetGetter<T>(kind)(ref value);
        writer.Write(ToText(value));
        return null;
    }

    private static object WriteVector<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, DataViewSchema.Column kind)
    {
        VBuffer<T> value = default;
        annotations.GetGetter<VBuffer<T>>(kind)(ref value);
        writer.Write(value.Length);
        foreach (T item in value.DenseValues())
            writer.Write(ToText(item));
        return null;
    }

    private static object ReadScalar<T>(BinaryReader reader, DataViewSchema.Annotations.Builder builder, string kind, DataViewType type)
    {
        T value = FromText<T>(reader.ReadString());
        builder.Add(kind, type, (ref T target) => target = value);
        return null;
    }

    private static object ReadVector<T>(BinaryReader reader, DataViewSchema.Annotations.Builder builder, string kind, DataViewType type)
    {
        var values = new T[reader.ReadInt32()];
        for (int i = 0; i < values.Length; i++)
            values[i] = FromText<T>(reader.ReadString());
        builder.Add(kind, type, (ref VBuffer<T> target) => VBuffer<T>.Copy(values, 0, ref target, values.Length));
        return null;
    }

    private static string ToText<T>(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.ToString(),
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        DataViewRowId id => $"{id.Low} {id.High}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static T FromText<T>(string text)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        object value = true switch
        {
            _ when typeof(T) == typeof(ReadOnlyMemory<char>) => text.AsMemory(),
            _ when typeof(T) == typeof(DateTime) => DateTime.Parse(text, culture, DateTimeStyles.RoundtripKind),
            _ when typeof(T) == typeof(DateTimeOffset) => DateTimeOffset.Parse(text, culture, DateTimeStyles.RoundtripKind),
            _ when typeof(T) == typeof(TimeSpan) => TimeSpan.Parse(text, culture),
            _ when typeof(T) == typeof(DataViewRowId) => new DataViewRowId(ulong.Parse(text.Split(' ')[0], culture), ulong.Parse(text.Split(' ')[1], culture)),
            _ => Convert.ChangeType(text, typeof(T), culture),
        };
        return (T)value;
    }
}

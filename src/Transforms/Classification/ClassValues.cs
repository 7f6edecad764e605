using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>The values of a label's key, as a model's metadata keep them: names and the type that they were of.</summary>
internal static class ClassValues
{
    private const string Text = "Text";

    private static readonly Dictionary<string, NumberDataViewType> s_numbers = new NumberDataViewType[]
    {
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16, NumberDataViewType.Int32,
            NumberDataViewType.UInt32,
        NumberDataViewType.Int64, NumberDataViewType.UInt64, NumberDataViewType.Single, NumberDataViewType.Double,
    }.ToDictionary(type => type.RawType.Name, StringComparer.Ordinal);

    /// <summary>The name of a type of key values; what is no number is kept as text. Empty for a key without values.</summary>
    public static string TypeName(DataViewType? type) => type is null ? "" : type is NumberDataViewType number ? number.RawType.Name : Text;

    /// <summary>Whether the values are text, so that they can name slots too.</summary>
    public static bool IsText(string typeName) => typeName == Text;

    /// <summary>Checks that names can be read as values of their type.</summary>
    /// <exception cref="InvalidDataException">One cannot.</exception>
    public static void Check(string typeName, IEnumerable<string> names)
    {
        try
        {
            AddTo(new DataViewSchema.Annotations.Builder(), AnnotationKinds.KeyValues, typeName, [.. names]);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new InvalidDataException($"The model has class names that cannot be read as {typeName}: {e.Message}", e);
        }
    }

    /// <summary>Adds the values as an annotation of their own type; nothing where the label's key has none.</summary>
    public static void AddTo(DataViewSchema.Annotations.Builder annotations, string kind, string typeName, string[] names)
    {
        if (typeName.Length == 0)
            return;
        if (!s_numbers.TryGetValue(typeName, out var type))
            AutoencoderColumns.AddTexts(annotations, kind, names);
        else if (type == NumberDataViewType.SByte)
            Add(sbyte.Parse);
        else if (type == NumberDataViewType.Byte)
            Add(byte.Parse);
        else if (type == NumberDataViewType.Int16)
            Add(short.Parse);
        else if (type == NumberDataViewType.UInt16)
            Add(ushort.Parse);
        else if (type == NumberDataViewType.Int32)
            Add(int.Parse);
        else if (type == NumberDataViewType.UInt32)
            Add(uint.Parse);
        else if (type == NumberDataViewType.Int64)
            Add(long.Parse);
        else if (type == NumberDataViewType.UInt64)
            Add(ulong.Parse);
        else if (type == NumberDataViewType.Single)
            Add(float.Parse);
        else
            Add(double.Parse);

        void Add<T>(Func<string, IFormatProvider?, T> parse) =>
            AutoencoderColumns.AddValues(annotations, kind, type!,
                Array.ConvertAll(names, name => parse(name, CultureInfo.InvariantCulture)));
    }
}

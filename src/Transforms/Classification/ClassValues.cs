using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>The values of a label's key, as a model's metadata keep them: names and the type that they were of.</summary>
internal static class ClassValues
{
    private const string Text = "Text";

    private static readonly Dictionary<string, Action<DataViewSchema.Annotations.Builder, string, string[]>> s_numbers = new(
    [
        Number<sbyte>(NumberDataViewType.SByte), Number<byte>(NumberDataViewType.Byte), Number<short>(NumberDataViewType.Int16),
        Number<ushort>(NumberDataViewType.UInt16), Number<int>(NumberDataViewType.Int32), Number<uint>(NumberDataViewType.UInt32),
        Number<long>(NumberDataViewType.Int64), Number<ulong>(NumberDataViewType.UInt64), Number<float>(NumberDataViewType.Single),
        Number<double>(NumberDataViewType.Double),
    ], StringComparer.Ordinal);

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
        if (s_numbers.TryGetValue(typeName, out var add))
            add(annotations, kind, names);
        else
            AutoencoderColumns.AddTexts(annotations, kind, names);
    }

    /// <summary>The name of a type, and what adds values of it.</summary>
    private static KeyValuePair<string, Action<DataViewSchema.Annotations.Builder, string, string[]>> Number<T>(NumberDataViewType type)
        where T : IParsable<T> => new(type.RawType.Name, (annotations, kind, names) => AutoencoderColumns.AddValues(
            annotations, kind, type, Array.ConvertAll(names, name => T.Parse(name, CultureInfo.InvariantCulture))));
}

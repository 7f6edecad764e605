using System.Collections;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>What an estimator promises about columns before there is data: kinds and item types, not sizes.</summary>
public sealed class SchemaShape : IReadOnlyList<SchemaShape.Column>
{
    private static readonly SchemaShape Nothing = new([]);
    private readonly Column[] _columns;

    public SchemaShape(IEnumerable<Column> columns)
    {
        Refuse.Null(columns, nameof(columns));
        _columns = [.. columns];
        Refuse.Unless(Array.TrueForAll(_columns, column => column.IsValid), nameof(columns), "Some items are not initialized properly.");
    }

    public int Count => _columns.Length;

    public Column this[int index] => _columns[index];

    public IEnumerator<Column> GetEnumerator() => ((IEnumerable<Column>)_columns).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static SchemaShape Create(DataViewSchema schema)
    {
        Refuse.Null(schema, nameof(schema));
        return new SchemaShape(schema.Where(column => !column.IsHidden).Select(column => ShapeOf(
            column.Name,
            column.Type,
            new SchemaShape(column.Annotations.Schema.Select(annotation => ShapeOf(annotation.Name, annotation.Type, Nothing))))));
    }

    internal bool TryFindColumn(string name, out Column column)
    {
        Refuse.Null(name, nameof(name));
        column = Array.Find(_columns, candidate => candidate.Name == name);
        return column.IsValid;
    }

    /// <summary>This shape with one column replaced or added.</summary>
    internal SchemaShape With(params Column[] columns)
    {
        var byName = _columns.ToDictionary(column => column.Name);
        foreach (Column column in columns)
            byName[column.Name] = column;
        return new SchemaShape(byName.Values);
    }

    private static Column ShapeOf(string name, DataViewType type, SchemaShape annotations)
    {
        Column.VectorKind kind = type is not VectorDataViewType vector ? Column.VectorKind.Scalar
            : vector.IsKnownSize ? Column.VectorKind.Vector : Column.VectorKind.VariableVector;
        DataViewType item = type.ItemOf();
        bool isKey = item is KeyDataViewType;
        return new Column(name, kind, isKey ? DataViewTypes.FromRaw(item.RawType) : item, isKey, annotations);
    }

    public struct Column
    {
        public readonly string Name;
        public readonly VectorKind Kind;
        public readonly DataViewType ItemType;
        public readonly bool IsKey;
        public readonly SchemaShape Annotations;

        internal Column(string name, VectorKind kind, DataViewType itemType, bool isKey, SchemaShape annotations = null)
        {
            Name = name;
            Kind = kind;
            ItemType = itemType;
            IsKey = isKey;
            Annotations = annotations ?? Nothing;
        }

        public enum VectorKind
        {
            Scalar,
            Vector,
            VariableVector,
        }

        internal readonly bool IsValid => Name is not null;

        internal readonly bool HasAnnotation(string kind, VectorKind shape, DataViewType itemType) =>
            Annotations.TryFindColumn(kind, out Column found) && found.Kind == shape && !found.IsKey && found.ItemType == itemType;

        internal readonly string TypeText() => Kind switch
        {
            VectorKind.Vector => $"Vector<{ItemText()}>",
            VectorKind.VariableVector => $"VarVector<{ItemText()}>",
            _ => ItemText(),
        };

        private readonly string ItemText() => IsKey ? $"Key<{ItemType}>" : ItemType.ToString();
    }
}

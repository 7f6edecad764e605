using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>The columns that the members of a class stand for.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    private SchemaDefinition()
    {
    }

    [Flags]
    public enum Direction
    {
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    public Column this[string columnName]
    {
        get => Find(column => column.ColumnName == columnName);
        set
        {
            Refuse.Null(value, nameof(value));
            Refuse.Unless(
                value.ColumnName == columnName,
                nameof(columnName),
                $"The column name is specified as '{value.ColumnName}' but must match the selector '{columnName}'.");
            int index = FindIndex(column => column.ColumnName == columnName);
            if (index >= 0)
                this[index] = value;
            else
                Add(value);
        }
    }

    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        Refuse.Null(userType, nameof(userType));
        var definition = new SchemaDefinition();
        var names = new HashSet<string>();
        foreach (MemberInfo member in MembersOf(userType, direction))
        {
            string name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
            Refuse.Unless(names.Add(name), nameof(userType), $"Duplicate column name '{name}' detected, this is disallowed");
            definition.Add(new Column(member.Name, name, TypeOf(member)));
        }

        return definition;
    }

    /// <summary>A class's columns with the types and annotations of a schema, which may be more specific.</summary>
    internal static SchemaDefinition Of(Type userType, DataViewSchema schema)
    {
        SchemaDefinition definition = Create(userType, Direction.Read);
        foreach (DataViewSchema.Column column in schema)
        {
            Column own = definition[column.Name] ?? throw new InvalidOperationException($"Type should contain a member named {column.Name}");
            own.ColumnType = column.Type;
            own.ReplaceAnnotations(column.Annotations);
        }

        return definition;
    }

    private static IEnumerable<MemberInfo> MembersOf(Type type, Direction direction)
    {
        IEnumerable<MemberInfo> fields = type.GetFields(BindingFlags.Public | BindingFlags.Instance).Where(field => !field.IsLiteral);
        IEnumerable<MemberInfo> properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property =>
            property.GetIndexParameters().Length == 0
            && ((direction.HasFlag(Direction.Read) && property.GetGetMethod() is not null)
                || (direction.HasFlag(Direction.Write) && property.GetSetMethod() is not null)));
        return fields.Concat(properties).Where(member => member.GetCustomAttribute<NoColumnAttribute>() is null);
    }

    private static DataViewType TypeOf(MemberInfo member)
    {
        (Type raw, bool isVector) = MemberColumn.ItemOf(member);
        PrimitiveDataViewType item = DataViewTypes.FromRaw(raw);
        if (member.GetCustomAttribute<KeyTypeAttribute>() is { } key)
        {
            Refuse.Unless(
                KeyDataViewType.IsValidDataType(raw),
                "userType",
                $"Member {member.Name} marked with KeyType attribute, but does not appear to be a valid kind of data for a key type");
            item = new KeyDataViewType(raw, key.KeyCount.Count);
        }

        int[] dimensions = member.GetCustomAttribute<VectorTypeAttribute>()?.Dimensions;
        Refuse.Unless(
            dimensions is null || isVector,
            "userType",
            $"Member {member.Name} marked with VectorTypeAttribute, but does not appear to be a vector type");
        return !isVector ? item : dimensions is { Length: > 0 } ? new VectorDataViewType(item, dimensions) : new VectorDataViewType(item, 0);
    }

    public sealed class Column
    {
        private readonly DataViewSchema.Annotations.Builder _annotations = new();
        private readonly HashSet<string> _kinds = [];
        private DataViewSchema.Annotations _replaced;

        internal Column(string memberName, string columnName, DataViewType columnType)
        {
            MemberName = memberName;
            ColumnName = columnName;
            ColumnType = columnType;
        }

        internal string MemberName { get; }

        public string ColumnName { get; set; }

        public DataViewType ColumnType { get; set; }

        internal DataViewSchema.Annotations Annotations => _replaced ?? _annotations.ToAnnotations();

        public void AddAnnotation<T>(string kind, T value, DataViewType annotationType)
        {
            Refuse.Null(kind, nameof(kind));
            Refuse.Null(annotationType, nameof(annotationType));
            Refuse.StateUnless(_kinds.Add(kind), "Column already contains an annotation of this kind.");
            (Type item, bool isVector) = MemberColumn.ItemOf(typeof(T), "annotation value");
            bool wantsVector = annotationType is VectorDataViewType;
            Refuse.StateUnless(
                isVector == wantsVector,
                $"Value inputted is supposed to be {(isVector ? "vector" : "scalar")}, but type of Annotationinfo is {(wantsVector ? "vector" : "scalar")}");
            Refuse.StateUnless(
                item == annotationType.ItemOf().RawType,
                $"Value inputted is supposed to have Type {item}, but type of Annotationinfo has {annotationType.ItemOf().RawType}");
            Func<object, T> read = _ => value;
            _annotations.Add(kind, annotationType, MemberColumn.Getter<object>(annotationType.RawType, typeof(T), read, () => null));
        }

        internal void ReplaceAnnotations(DataViewSchema.Annotations annotations) => _replaced = annotations;
    }
}

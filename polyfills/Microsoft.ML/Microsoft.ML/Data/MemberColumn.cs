using System.Linq.Expressions;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>A member of a class as a column: compiled access to it, and the getters and setters that views are made of.</summary>
internal sealed class MemberColumn
{
    private MemberColumn(string name, DataViewType type, MemberInfo member, DataViewSchema.Annotations annotations)
    {
        Name = name;
        Type = type;
        Member = member;
        Annotations = annotations;
    }

    internal string Name { get; }

    internal DataViewType Type { get; }

    internal MemberInfo Member { get; }

    internal DataViewSchema.Annotations Annotations { get; }

    internal Type MemberType => TypeOf(Member);

    internal static MemberColumn[] Of(Type userType, SchemaDefinition definition) => [.. definition.Select(column =>
    {
        Refuse.Unless(column.MemberName is not null, "userSchemaDefinition", "Null field name detected in schema definition");
        MemberInfo member = (MemberInfo)userType.GetField(column.MemberName) ?? userType.GetProperty(column.MemberName);
        Refuse.Unless(
            member is not null,
            "userSchemaDefinition",
            $"No field or property with name '{column.MemberName}' found in type '{userType.FullName}'");
        (Type item, bool isVector) = ItemOf(member);
        string name = string.IsNullOrEmpty(column.ColumnName) ? column.MemberName : column.ColumnName;
        DataViewType type = column.ColumnType
            ?? (isVector ? new VectorDataViewType(DataViewTypes.FromRaw(item)) : DataViewTypes.FromRaw(item));
        bool wantsVector = type is VectorDataViewType;
        Refuse.Unless(
            isVector == wantsVector,
            "userSchemaDefinition",
            $"Column '{name}' is supposed to be {(wantsVector ? "vector" : "scalar")}, but type of associated field '{column.MemberName}' is {(isVector ? "vector" : "scalar")}");
        Refuse.Unless(
            type.ItemOf().RawType == item,
            "userSchemaDefinition",
            $"Column '{name}' is supposed to have item type {type.ItemOf().RawType}, but associated field has type {item}");
        return new MemberColumn(name, type, member, column.Annotations);
    })];

    internal static DataViewSchema SchemaOf(MemberColumn[] columns) =>
        DataViewSchema.Of(columns.Select(column => new DataViewSchema.DetachedColumn(column.Name, column.Type, column.Annotations)));

    /// <summary>The CLR type of a member's values, or of their items, as data views hold them.</summary>
    internal static (Type Item, bool IsVector) ItemOf(MemberInfo member) => ItemOf(TypeOf(member), member.Name);

    internal static (Type Item, bool IsVector) ItemOf(Type type, string name)
    {
        bool isBuffer = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>);
        Type item = type.IsArray ? type.GetElementType() : isBuffer ? type.GetGenericArguments()[0] : type;
        PrimitiveDataViewType known = DataViewTypes.FromRaw(item);
        Refuse.Unless(known is not null, "rawType", $"Could not determine an IDataView type and registered custom types for member {name}");
        return (known.RawType, type.IsArray || isBuffer);
    }

    /// <summary>A getter of this column over the rows that <paramref name="current"/> returns.</summary>
    internal Delegate GetterOver<TRow>(Func<TRow> current)
    {
        if (Type is KeyDataViewType key)
            return Generic.Call<Delegate>(KeyGetter<TRow, uint>, [typeof(TRow), key.RawType], Reader<TRow>(), current, key.Count);
        return Getter(Type.RawType, MemberType, Reader<TRow>(), current);
    }

    /// <summary>Sets the member of a row object to this column's value in the current row of <paramref name="input"/>.</summary>
    internal Action<TRow> SetterFrom<TRow>(DataViewRow input, int column)
    {
        Type type = MemberType;
        Delegate write = Writer<TRow>();
        if (type == typeof(string))
            return TextSetter<TRow>(input, column, (Action<TRow, string>)write);
        if (type == typeof(string[]))
            return TextsSetter<TRow>(input, column, (Action<TRow, string[]>)write);
        if (type.IsArray)
            return Generic.Call<Action<TRow>>(ArraySetter<TRow, int>, [typeof(TRow), type.GetElementType()], input, column, Reader<TRow>(), write);
        if (Type is VectorDataViewType vector)
            return Generic.Call<Action<TRow>>(BufferSetter<TRow, int>, [typeof(TRow), vector.ItemType.RawType], input, column, Reader<TRow>(), write);
        return Generic.Call<Action<TRow>>(ScalarSetter<TRow, int>, [typeof(TRow), type], input, column, write);
    }

    /// <summary>A getter of type <paramref name="raw"/> over values of type <paramref name="declared"/>, which may be arrays or strings.</summary>
    internal static Delegate Getter<TRow>(Type raw, Type declared, Delegate read, Func<TRow> current)
    {
        if (declared == typeof(string))
            return TextGetter((Func<TRow, string>)read, current);
        if (declared == typeof(string[]))
            return TextsGetter((Func<TRow, string[]>)read, current);
        if (declared.IsArray)
            return Generic.Call<Delegate>(ArrayGetter<TRow, int>, [typeof(TRow), declared.GetElementType()], read, current);
        if (declared.IsGenericType && declared.GetGenericTypeDefinition() == typeof(VBuffer<>))
            return Generic.Call<Delegate>(BufferGetter<TRow, int>, [typeof(TRow), declared.GetGenericArguments()[0]], read, current);
        return Generic.Call<Delegate>(ScalarGetter<TRow, int>, [typeof(TRow), raw], read, current);
    }

    private static Type TypeOf(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    private static ValueGetter<T> ScalarGetter<TRow, T>(Func<TRow, T> read, Func<TRow> current) => (ref T target) => target = read(current());

    private static ValueGetter<ReadOnlyMemory<char>> TextGetter<TRow>(Func<TRow, string> read, Func<TRow> current) =>
        (ref ReadOnlyMemory<char> target) => target = read(current()).AsMemory();

    private static ValueGetter<T> KeyGetter<TRow, T>(Func<TRow, T> read, Func<TRow> current, ulong count)
        where T : struct, System.Numerics.IBinaryInteger<T> =>
        (ref T target) =>
        {
            ulong value = ulong.CreateTruncating(read(current()));
            target = value < count ? T.CreateTruncating(value + 1) : T.Zero;
        };

    private static ValueGetter<VBuffer<T>> ArrayGetter<TRow, T>(Func<TRow, T[]> read, Func<TRow> current) => (ref VBuffer<T> target) =>
    {
        T[] values = read(current());
        VBuffer<T>.Copy(values, 0, ref target, values?.Length ?? 0);
    };

    private static ValueGetter<VBuffer<T>> BufferGetter<TRow, T>(Func<TRow, VBuffer<T>> read, Func<TRow> current) =>
        (ref VBuffer<T> target) => read(current()).CopyTo(ref target);

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextsGetter<TRow>(Func<TRow, string[]> read, Func<TRow> current) =>
        (ref VBuffer<ReadOnlyMemory<char>> target) =>
        {
            string[] values = read(current()) ?? [];
            VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref target, values.Length);
            for (int i = 0; i < values.Length; i++)
                editor.Values[i] = values[i].AsMemory();
            target = editor.Commit();
        };

    private static Action<TRow> ScalarSetter<TRow, T>(DataViewRow input, int column, Action<TRow, T> write)
    {
        ValueGetter<T> getter = input.GetGetter<T>(input.Schema[column]);
        T value = default;
        return row =>
        {
            getter(ref value);
            write(row, value);
        };
    }

    private static Action<TRow> TextSetter<TRow>(DataViewRow input, int column, Action<TRow, string> write)
    {
        ValueGetter<ReadOnlyMemory<char>> getter = input.GetGetter<ReadOnlyMemory<char>>(input.Schema[column]);
        ReadOnlyMemory<char> value = default;
        return row =>
        {
            getter(ref value);
            write(row, value.ToString());
        };
    }

    private static Action<TRow> TextsSetter<TRow>(DataViewRow input, int column, Action<TRow, string[]> write)
    {
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = input.GetGetter<VBuffer<ReadOnlyMemory<char>>>(input.Schema[column]);
        VBuffer<ReadOnlyMemory<char>> value = default;
        return row =>
        {
            getter(ref value);
            write(row, [.. value.DenseValues().Select(text => text.ToString())]);
        };
    }

    // The array that the row object has is filled again where its length is right.
    private static Action<TRow> ArraySetter<TRow, T>(DataViewRow input, int column, Func<TRow, T[]> read, Action<TRow, T[]> write)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        VBuffer<T> value = default;
        return row =>
        {
            getter(ref value);
            T[] array = read(row);
            if (array is null || array.Length != value.Length)
                array = new T[value.Length];
            value.CopyTo(array);
            write(row, array);
        };
    }

    private static Action<TRow> BufferSetter<TRow, T>(DataViewRow input, int column, Func<TRow, VBuffer<T>> read, Action<TRow, VBuffer<T>> write)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        return row =>
        {
            VBuffer<T> value = read(row);
            getter(ref value);
            write(row, value);
        };
    }

    private Delegate Reader<TRow>()
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda(Expression.MakeMemberAccess(row, Member), row).Compile();
    }

    private Delegate Writer<TRow>()
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        ParameterExpression value = Expression.Parameter(MemberType);
        return Expression.Lambda(
            Expression.GetActionType(typeof(TRow), MemberType), Expression.Assign(Expression.MakeMemberAccess(row, Member), value), row, value).Compile();
    }
}

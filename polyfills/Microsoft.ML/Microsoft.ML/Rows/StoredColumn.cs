namespace Microsoft.ML.Data;

/// <summary>Values of one column kept for later.</summary>
internal abstract class StoredColumn
{
    internal static StoredColumn Of(DataViewType type) =>
        Generic.Call<StoredColumn>(type is VectorDataViewType ? MakeVectors<int> : MakeScalars<int>, type.ItemOf().RawType);

    /// <summary>What fetches the current value of a row to a place.</summary>
    internal abstract Action<int> Fetcher(DataViewRow row, DataViewSchema.Column column);

    /// <summary>A getter of the value at the place that is current when it is called.</summary>
    internal abstract Delegate Getter(Func<int> place);

    /// <summary>A getter of a value in whatever column of this type, and at whatever place, is current when it is called.</summary>
    internal abstract Delegate Getter(Func<(StoredColumn Column, int Place)> current);

    private static StoredColumn MakeScalars<T>() => new Scalars<T>();

    private static StoredColumn MakeVectors<T>() => new Vectors<T>();

    private abstract class Values<T> : StoredColumn
    {
        private T[] _items = [];

        internal sealed override Action<int> Fetcher(DataViewRow row, DataViewSchema.Column column)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            return place =>
            {
                if (place >= _items.Length)
                    Array.Resize(ref _items, Math.Max(Math.Max(place + 1, 16), 2 * _items.Length));
                getter(ref _items[place]);
            };
        }

        internal sealed override Delegate Getter(Func<int> place) => (ValueGetter<T>)((ref T target) => Copy(_items[place()], ref target));

        internal sealed override Delegate Getter(Func<(StoredColumn Column, int Place)> current) => (ValueGetter<T>)((ref T target) =>
        {
            (StoredColumn column, int place) = current();
            Copy(((Values<T>)column)._items[place], ref target);
        });

        protected abstract void Copy(in T value, ref T target);
    }

    private sealed class Scalars<T> : Values<T>
    {
        protected override void Copy(in T value, ref T target) => target = value;
    }

    private sealed class Vectors<T> : Values<VBuffer<T>>
    {
        protected override void Copy(in VBuffer<T> value, ref VBuffer<T> target) => value.CopyTo(ref target);
    }
}

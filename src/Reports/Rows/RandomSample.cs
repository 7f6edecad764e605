namespace MLNetAutoencoder;

/// <summary>Items drawn at random from many, each as likely as another (algorithm R, Vitter 1985).</summary>
/// <param name="capacity">How many are drawn at most.</param>
/// <param name="seed">The seed.</param>
internal sealed class RandomSample<T>(int capacity, int seed)
{
    private readonly List<T> _items = [];
    private readonly Random _random = new(seed);
    private long _seen;

    public IReadOnlyList<T> Items => _items;

    /// <summary>Counts an item; where it is drawn, the place that it takes.</summary>
    public int? Next()
    {
        long place = _seen < capacity ? _seen : _random.NextInt64(_seen + 1);
        _seen++;
        return place < capacity ? (int)place : null;
    }

    /// <summary>Puts a drawn item in its place.</summary>
    public void Put(int place, T item)
    {
        if (place == _items.Count)
            _items.Add(item);
        else
            _items[place] = item;
    }
}

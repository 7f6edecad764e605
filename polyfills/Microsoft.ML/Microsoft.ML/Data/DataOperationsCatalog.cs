using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Loads data, and makes data views of data views.</summary>
public sealed class DataOperationsCatalog
{
    private readonly IHostEnvironmentInternal _env;

    internal DataOperationsCatalog(IHostEnvironmentInternal env) => _env = env;

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class
    {
        Refuse.Null(data, nameof(data));
        return new EnumerableDataView<TRow>(data, schemaDefinition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read));
    }

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, DataViewSchema schema)
        where TRow : class
    {
        Refuse.Null(data, nameof(data));
        Refuse.Null(schema, nameof(schema));
        return new EnumerableDataView<TRow>(data, SchemaDefinition.Of(typeof(TRow), schema));
    }

    public IEnumerable<TRow> CreateEnumerable<TRow>(
        IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        Refuse.Null(data, nameof(data));
        return Rows(data, new ObjectFiller<TRow>(data.Schema, ignoreMissingColumns, schemaDefinition), reuseRowObject);
    }

    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        Refuse.Null(input, nameof(input));
        return new CacheDataView(input, (columnsToPrefetch ?? []).Select(name =>
            input.Schema.GetColumnOrNull(name) ?? throw Refuse.MissingColumn(nameof(columnsToPrefetch), "prefetch", name)));
    }

    public IDataView FilterRowsByColumn(
        IDataView input, string columnName, double lowerBound = double.NegativeInfinity, double upperBound = double.PositiveInfinity)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Empty(columnName, nameof(columnName));
        Refuse.Unless(lowerBound < upperBound, nameof(upperBound), "Must be less than lowerBound");
        DataViewType type = input.Schema[columnName].Type;
        if (type is not NumberDataViewType)
            throw Refuse.WrongColumn(nameof(columnName), "filter", columnName, "number", type.ToString());
        return new RangeFilter(input, columnName, lowerBound, upperBound);
    }

    public IDataView FilterRowsByMissingValues(IDataView input, params string[] columns)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Unless(columns is { Length: > 0 }, nameof(columns));
        return new MissingValueFilter(input, columns);
    }

    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Unless(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new ShuffledView(input, seed, shufflePoolSize, shuffleSource);
    }

    public IDataView SkipRows(IDataView input, long count)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Unless(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeView(input, count, long.MaxValue);
    }

    public IDataView TakeRows(IDataView input, long count)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Unless(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeView(input, 0, count);
    }

    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Unless(testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        return Split(data, 0, testFraction, KeyColumn(data, samplingKeyColumnName), SeedOr(seed));
    }

    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        Refuse.Null(data, nameof(data));
        Refuse.Unless(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        int? key = KeyColumn(data, samplingKeyColumnName);
        int lots = SeedOr(seed);
        return [.. Enumerable.Range(0, numberOfFolds).Select(fold =>
            Split(data, (double)fold / numberOfFolds, (fold + 1.0) / numberOfFolds, key, lots))];
    }

    private static IEnumerable<TRow> Rows<TRow>(IDataView data, ObjectFiller<TRow> filler, bool reuseRowObject)
        where TRow : class, new()
    {
        using DataViewRowCursor cursor = data.GetRowCursor(filler.ColumnsOf(data.Schema));
        Action<TRow>[] setters = filler.SettersFrom(cursor);
        TRow row = null;
        while (cursor.MoveNext())
        {
            row = reuseRowObject && row is not null ? row : new TRow();
            foreach (Action<TRow> set in setters)
                set(row);
            yield return row;
        }
    }

    private static TrainTestData Split(IDataView data, double from, double to, int? key, int seed) => new(
        new SplitFilter(data, seed, key, from, to, complement: true),
        new SplitFilter(data, seed, key, from, to, complement: false));

    private static int? KeyColumn(IDataView data, string name) => name is null
        ? null
        : (data.Schema.GetColumnOrNull(name) ?? throw Refuse.MissingColumn("samplingKeyColumn", "SamplingKeyColumn", name)).Index;

    private int SeedOr(int? seed) => seed ?? _env.Seed ?? Random.Shared.Next();

    public struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}

namespace Microsoft.ML.Data;

/// <summary>The mappers of a chain as one.</summary>
internal sealed class CompositeRowToRowMapper(DataViewSchema inputSchema, IRowToRowMapper[] mappers) : IRowToRowMapper
{
    public DataViewSchema InputSchema => inputSchema;

    public DataViewSchema OutputSchema { get; } = mappers.Length > 0 ? mappers[^1].OutputSchema : inputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        foreach (IRowToRowMapper mapper in mappers.AsEnumerable().Reverse())
            dependingColumns = mapper.GetDependencies(dependingColumns);
        return dependingColumns;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Refuse.Null(input, nameof(input));
        Refuse.Null(activeColumns, nameof(activeColumns));
        Refuse.Unless(input.Schema == inputSchema, nameof(input), "Schema did not match original schema");
        bool[] active = activeColumns.ActiveIn(OutputSchema);
        if (mappers.Length == 0)
        {
            foreach (DataViewSchema.Column column in inputSchema.Where(active))
                Refuse.Unless(input.IsColumnActive(column), nameof(input), $"Mapper required column '{column.Name}' active but it was not.");
            return input;
        }

        // What each mapper is asked for is what the next one needs.
        var needed = new IEnumerable<DataViewSchema.Column>[mappers.Length];
        needed[^1] = OutputSchema.Where(active);
        for (int i = mappers.Length - 1; i > 0; i--)
            needed[i - 1] = mappers[i].GetDependencies(needed[i]);
        DataViewRow row = input;
        for (int i = 0; i < mappers.Length; i++)
            row = mappers[i].GetRow(row, needed[i]);
        return row;
    }
}

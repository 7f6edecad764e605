using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>How one autoencoder is applied to data of one schema: which columns go in, which come out, and the schema that results.</summary>
internal sealed class ScoringPlan
{
    private readonly AutoencoderModel _model;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly Dictionary<int, int> _outputByColumn = [];

    public ScoringPlan(AutoencoderModel model, IReadOnlyDictionary<string, string> columns, DataViewSchema input)
    {
        _model = model;
        InputSchema = input;
        _outputs = AutoencoderColumns.Outputs(columns);
        _inputs = AutoencoderColumns.Inputs(columns);
        InputColumns = [.. _inputs.Select(name => AutoencoderColumns.FindInput(input, columns[name], model.Width(name), nameof(input)))];
        OutputSchema = AutoencoderColumns.OutputSchema(input, model, columns);
        for (int i = 0; i < _outputs.Length; i++)
            _outputByColumn.Add(input.Count + i, i);
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The columns of the input schema that the graph reads.</summary>
    public DataViewSchema.Column[] InputColumns { get; }

    public bool RefusesMissing => _model.Metadata.MissingValues == MissingValuePolicy.Error;

    /// <summary>Whether a column of the output schema is one that the graph makes.</summary>
    public bool IsOutput(int column) => _outputByColumn.ContainsKey(column);

    /// <summary>The columns of the input schema that are needed for some columns of the output schema.</summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IReadOnlyCollection<DataViewSchema.Column> outputColumns)
    {
        var needed = outputColumns.Where(column => !IsOutput(column.Index)).Select(column => column.Index).ToHashSet();
        if (outputColumns.Any(column => IsOutput(column.Index)))
            needed.UnionWith(InputColumns.Select(column => column.Index));
        return needed.Order().Select(index => InputSchema[index]);
    }

    /// <summary>Makes a runner for those outputs that stand among some columns of the output schema.</summary>
    /// <param name="active">The columns of the output schema that will be read.</param>
    /// <param name="capacity">The most rows of a run.</param>
    /// <param name="places">From the index of a column to the place of its output in the runner.</param>
    public BatchRunner CreateRunner(IEnumerable<DataViewSchema.Column> active, int capacity, out Dictionary<int, int> places)
    {
        int[] columns = [.. active.Select(column => column.Index).Where(IsOutput).Distinct().Order()];
        places = columns.Select((column, place) => (column, place)).ToDictionary(pair => pair.column, pair => pair.place);
        return _model.CreateRunner(_inputs, [.. columns.Select(column => _outputs[_outputByColumn[column]])], capacity);
    }

    public string SlotName(int input, int slot) =>
        _inputs[input] == GraphNames.Features ? _model.Metadata.FeatureNames[slot] : $"{InputColumns[input].Name}[{slot}]";
}

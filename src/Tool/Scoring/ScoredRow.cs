using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;

namespace MLNetAutoencoder.Tool.Scoring;

/// <summary>What the model says of the row that a cursor stands on. Only outputs that the cursor was opened for can be read.</summary>
internal sealed class ScoredRow(LoadedModel model, DataViewRow row)
{
    private readonly ValueGetter<float>? _score = Getter<float>(model, row, GraphNames.Score);
    private readonly ValueGetter<float>? _pValue = Getter<float>(model, row, GraphNames.PValue);
    private readonly ValueGetter<bool>? _isAnomaly = Getter<bool>(model, row, GraphNames.IsAnomaly);
    private readonly ValueGetter<VBuffer<float>>? _errors = Getter<VBuffer<float>>(model, row, GraphNames.FeatureErrors);
    private readonly ValueGetter<VBuffer<float>>? _reconstruction = Getter<VBuffer<float>>(model, row, GraphNames.Reconstruction);
    private readonly ValueGetter<VBuffer<float>>? _code = Getter<VBuffer<float>>(model, row, GraphNames.Code);
    private VBuffer<float> _errorValues, _reconstructionValues, _codeValues;

    public float Score => Get(_score!);

    public float PValue => Get(_pValue!);

    public bool IsAnomaly => Get(_isAnomaly!);

    public ReadOnlySpan<float> Errors => Get(_errors!, ref _errorValues);

    public ReadOnlySpan<float> Reconstruction => Get(_reconstruction!, ref _reconstructionValues);

    public ReadOnlySpan<float> Code => Get(_code!, ref _codeValues);

    private static ValueGetter<T>? Getter<T>(LoadedModel model, DataViewRow row, string output) =>
        model.ColumnOf(output) is { } name && row.Schema.GetColumnOrNull(name) is { } column && row.IsColumnActive(column)
            ? row.GetGetter<T>(column) : null;

    private static T Get<T>(ValueGetter<T> getter)
    {
        T value = default!;
        getter(ref value);
        return value;
    }

    private static ReadOnlySpan<float> Get(ValueGetter<VBuffer<float>> getter, ref VBuffer<float> values)
    {
        getter(ref values);
        if (!values.IsDense)
            values = new VBuffer<float>(values.Length, [.. values.DenseValues()]);
        return values.GetValues();
    }
}

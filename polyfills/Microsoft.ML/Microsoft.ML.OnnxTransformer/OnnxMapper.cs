using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Transforms.Onnx;

/// <summary>A model bound to the columns of one schema.</summary>
internal sealed class OnnxMapper : IRowMapper
{
    private const string ExportSuffix = ".output";
    private readonly OnnxTransformer _parent;
    private readonly int _inputCount;
    private readonly (int Column, int[] Shape)[] _inputs;

    internal OnnxMapper(OnnxTransformer parent, DataViewSchema inputSchema)
    {
        _parent = parent;
        _inputCount = inputSchema.Count;
        _inputs = Array.ConvertAll(parent.Inputs, name => Bind(parent.Model.Input(name), inputSchema));
        OutputColumns = [.. parent.Outputs.Zip(parent.OutputTypes, MakeColumn)];
    }

    public DataViewSchema.DetachedColumn[] OutputColumns { get; }

    public bool[] Dependencies(bool[] activeOutputs)
    {
        var needed = new bool[_inputCount];
        foreach ((int column, _) in _inputs)
            needed[column] = Array.Exists(activeOutputs, isActive => isActive);
        return needed;
    }

    public Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, out Action disposer)
    {
        string[] names = [.. _parent.Outputs.Where((_, i) => activeOutputs[i])];
        var getters = new Delegate[activeOutputs.Length];
        disposer = null;
        if (names.Length == 0)
            return getters;
        var run = new RowRun(_parent.Model.Session, input, [.. _inputs.Select(bound => MakeFeed(input, bound.Column, bound.Shape))], names);
        disposer = run.Dispose;
        for (int i = 0; i < getters.Length; i++)
        {
            if (activeOutputs[i])
                getters[i] = MakeGetter(run, i);
        }

        return getters;
    }

    private static (int Column, int[] Shape) Bind(OnnxVariable variable, DataViewSchema schema)
    {
        // A row at a time: the first axis is 1 where the model leaves it open. One more open axis takes what a row brings.
        int[] shape = variable.Shape.Length == 0 ? [1] : Array.ConvertAll(variable.Shape, size => Math.Max(0, size));
        if (variable.Shape.Length > 0 && variable.Shape[0] < 0)
            shape[0] = 1;
        if (shape.Count(size => size == 0) > 1)
            throw new ArgumentOutOfRangeException(variable.Name, "Only 1 unknown dimension is allowed");

        DataViewSchema.Column column = schema.GetColumnOrNull(variable.Name) ?? throw Refuse.MissingColumn("inputSchema", "input", variable.Name);
        DataViewType item = column.Type.ItemOf(), expected = variable.Type.ItemOf();
        if (item != expected && !(item is KeyDataViewType && item.RawType == expected.RawType))
            throw Refuse.WrongColumn("inputSchema", "input", variable.Name, expected.ToString(), column.Type.ToString());
        if (!shape.Contains(0))
        {
            int values = column.Type.ValueCount();
            Refuse.StateUnless(
                values % shape.Aggregate((a, b) => a * b) == 0,
                $"Input shape mismatch: Input '{variable.Name}' has shape {string.Join(",", shape)}, but input data is of length {values}.");
        }

        return (column.Index, shape);
    }

    // An output "X.output" is the column X of a model that ML.NET exported.
    private DataViewSchema.DetachedColumn MakeColumn(string output, DataViewType type)
    {
        string name = output.EndsWith(ExportSuffix, StringComparison.Ordinal) ? output.Replace(ExportSuffix, "", StringComparison.Ordinal) : output;
        var annotations = new DataViewSchema.Annotations.Builder();
        if (_parent.Model.Graph.SlotNamesOf(name) is { } slots)
            annotations.AddNames(AnnotationKinds.SlotNames, slots);
        return new DataViewSchema.DetachedColumn(name, type, annotations.ToAnnotations());
    }

    private Delegate MakeGetter(RowRun run, int output)
    {
        int index = run.IndexOf(_parent.Outputs[output]);
        if (_parent.OutputTypes[output] is not VectorDataViewType vector)
            return Generic.Call<Delegate>(UnreadableGetter<int>, _parent.OutputTypes[output].RawType, run);
        return vector.ItemType is TextDataViewType ? TextGetter(run, index) : Generic.Call<Delegate>(TensorGetter<int>, vector.ItemType.RawType, run, index);
    }

    private static ValueGetter<VBuffer<T>> TensorGetter<T>(RowRun run, int index) => (ref VBuffer<T> target) =>
    {
        ReadOnlySpan<T> values = Dense<T>(run.Output(index)).Buffer.Span;
        VBufferEditor<T> editor = VBufferEditor.Create(ref target, values.Length);
        values.CopyTo(editor.Values);
        target = editor.Commit();
    };

    private static ValueGetter<VBuffer<ReadOnlyMemory<char>>> TextGetter(RowRun run, int index) => (ref VBuffer<ReadOnlyMemory<char>> target) =>
    {
        ReadOnlySpan<string> values = Dense<string>(run.Output(index)).Buffer.Span;
        VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref target, values.Length);
        for (int i = 0; i < values.Length; i++)
            editor.Values[i] = values[i].AsMemory();
        target = editor.Commit();
    };

    // The package gives an output of rank 0 a scalar column whose values cannot be read.
    private static ValueGetter<T> UnreadableGetter<T>(RowRun run) => (ref T _) => throw new ArgumentNullException("source");

    private static DenseTensor<T> Dense<T>(DisposableNamedOnnxValue value) => value.AsTensor<T>() as DenseTensor<T>
        ?? throw new InvalidOperationException($"Output column {value.Name} doesn't contain a DenseTensor of expected type {typeof(T)}");

    private static Func<NamedOnnxValue> MakeFeed(DataViewRow input, int column, int[] shape)
    {
        DataViewType type = input.Schema[column].Type;
        return Generic.Call<Func<NamedOnnxValue>>(
            type is VectorDataViewType ? VectorFeed<int> : ScalarFeed<int>, type.ItemOf().RawType, input, input.Schema[column], shape);
    }

    private static Func<NamedOnnxValue> ScalarFeed<T>(DataViewRow input, DataViewSchema.Column column, int[] shape)
    {
        ValueGetter<T> getter = input.GetGetter<T>(column);
        var value = new T[1];
        // A scalar is always fed as a matrix of one element.
        return Feed<T>(column.Name, () =>
        {
            getter(ref value[0]);
            return value.AsMemory();
        }, () => [1, 1]);
    }

    private static Func<NamedOnnxValue> VectorFeed<T>(DataViewRow input, DataViewSchema.Column column, int[] shape)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(column);
        bool isKnownSize = ((VectorDataViewType)column.Type).IsKnownSize;
        int open = Array.IndexOf(shape, 0);
        int rest = shape.Where(size => size > 0).Aggregate(1, (a, b) => a * b);
        VBuffer<T> buffer = default;
        T[] values = [];
        return Feed<T>(column.Name, () =>
        {
            getter(ref buffer);
            if (values.Length != buffer.Length)
                values = new T[buffer.Length];
            buffer.CopyTo(values);
            return values;
        }, () =>
        {
            if (isKnownSize)
                return shape;
            Refuse.Unless(open >= 0, "index");
            var sized = (int[])shape.Clone();
            sized[open] = buffer.Length / rest;
            return sized;
        });
    }

    // One tensor serves row after row as long as the length stays the same: only its values change.
    private static Func<NamedOnnxValue> Feed<T>(string name, Func<Memory<T>> fetch, Func<int[]> shape)
    {
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
        {
            return () =>
            {
                Memory<T> values = fetch();
                return NamedOnnxValue.CreateFromTensor(
                    name, new DenseTensor<string>(MemoryMarshal.ToEnumerable<T>(values).Select(text => text.ToString()).ToArray(), shape()));
            };
        }

        Memory<T> fed = default;
        NamedOnnxValue value = null;
        return () =>
        {
            Memory<T> values = fetch();
            if (value is null || !values.Equals(fed))
            {
                fed = values;
                value = NamedOnnxValue.CreateFromTensor(name, new DenseTensor<T>(values, shape()));
            }

            return value;
        };
    }

    /// <summary>The outputs of one run, kept until the row changes: several columns of a row cost one run.</summary>
    private sealed class RowRun(InferenceSession session, DataViewRow input, Func<NamedOnnxValue>[] feeds, string[] names) : IDisposable
    {
        private readonly NamedOnnxValue[] _values = new NamedOnnxValue[feeds.Length];
        private IDisposableReadOnlyCollection<DisposableNamedOnnxValue> _outputs;
        private long _position = -1;
        private bool _disposed;

        public void Dispose()
        {
            if (!_disposed)
                _outputs?.Dispose();
            _disposed = true;
        }

        internal int IndexOf(string name) => Array.IndexOf(names, name);

        internal DisposableNamedOnnxValue Output(int index)
        {
            if (_position != input.Position)
            {
                for (int i = 0; i < feeds.Length; i++)
                    _values[i] = feeds[i]();
                _outputs?.Dispose();
                _outputs = session.Run(_values, names);
                _position = input.Position;
            }

            return _outputs is null ? throw new KeyNotFoundException(names[index]) : _outputs.ElementAt(index);
        }
    }
}

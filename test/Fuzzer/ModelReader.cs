using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Fuzzer;

/// <summary>Does with a model file of ML.NET what an application may do: opens it and scores three rows.</summary>
internal static class ModelReader
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ScoringOptions s_scoring = new() { IntraOpThreads = 1 };
    private static readonly IDataView s_rows = MadeRow.View(s_ml);

    public static Verdict Read(byte[] file)
    {
        ITransformer model;
        try
        {
            model = s_ml.Autoencoders().Load(new MemoryStream(file), out DataViewSchema? _, s_scoring);
        }
        catch (InvalidDataException e)
        {
            return new Verdict(Outcome.Refused, e.Message);
        }
        catch (OutOfMemoryException e)
            when (e.StackTrace!.Contains("at Microsoft.ML.ModelOperationsCatalog.Load", StringComparison.Ordinal))
        {
            return new Verdict(Outcome.OutOfMemory, e.Message);
        }
        try
        {
            Score(model);
            return new Verdict(Outcome.Scored);
        }
        catch (Exception e) when (GraphReader.IsRuntimes(e))
        {
            return new Verdict(Outcome.RefusedByRuntime, e.Message);
        }
        catch (ArgumentException e)
        {
            // What ML.NET's transformers and ours throw where the data lack a column, or have it of another type.
            return new Verdict(Outcome.DoesNotFit, e.Message);
        }
        finally
        {
            (model as IDisposable)?.Dispose();
        }
    }

    private static void Score(ITransformer model)
    {
        var scored = model.Transform(s_rows);
        var columns = scored.Schema.Where(column => column.Index >= s_rows.Schema.Count && !column.IsHidden).ToArray();
        using var cursor = scored.GetRowCursor(columns);
        Action[] readers = Array.ConvertAll(columns, column => Reader(cursor, column));
        while (cursor.MoveNext())
            Array.ForEach(readers, read => read());
    }

    private static Action Reader(DataViewRow row, DataViewSchema.Column column)
    {
        var raw = column.Type.RawType;
        return raw == typeof(float) ? Reader<float>(row, column)
            : raw == typeof(bool) ? Reader<bool>(row, column)
            : raw == typeof(uint) ? Reader<uint>(row, column)
            : raw == typeof(VBuffer<float>) ? Reader<VBuffer<float>>(row, column)
            : raw == typeof(VBuffer<bool>) ? Reader<VBuffer<bool>>(row, column)
            : () => { };
    }

    private static Action Reader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () => getter(ref value);
    }
}

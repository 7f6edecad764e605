using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Whole pipelines as ONNX files.</summary>
public static class PipelineExtensions
{
    /// <summary>
    /// Writes a fitted pipeline, stock transforms and the autoencoder after them, as one ONNX file from raw columns to
    /// score, which any ONNX runtime runs without ML.NET.
    /// </summary>
    /// <remarks>
    /// <para>Inputs: the raw columns that the score depends on, under their names, [batch, 1] or, for vectors, [batch,
    /// n]; text is a string tensor, a key its number from 1 (0: missing). Outputs: those of the autoencoder's own graph
    /// (<see cref="GraphNames"/>). Opset 12 and ai.onnx.ml 2, the last that ML.NET writes.</para>
    /// <para>Before the autoencoder may stand Concatenate, CopyColumns, SelectColumns, DropColumns, NormalizeMinMax,
    /// NormalizeMeanVariance, ReplaceMissingValues, OneHotEncoding, MapValueToKey, MapKeyToVector and
    /// ConvertType; what the score does not depend on is left out. After it nothing may stand.</para>
    /// <para>Do not give such a chain to ML.NET's own <c>ConvertToOnnx</c>: it writes only what stands after the
    /// autoencoder, and says nothing.</para>
    /// </remarks>
    /// <param name="catalog">The catalog, from <see cref="AutoencoderExtensions.Autoencoders"/>.</param>
    /// <param name="model">A fitted chain that ends in an autoencoder or a classifier of this library; or one of these alone.</param>
    /// <param name="inputSchema">The schema of the raw data, such as <c>data.Schema</c>, or what
    /// <see cref="AutoencoderCatalog.Load(string, out DataViewSchema, ScoringOptions)"/> gave.</param>
    /// <param name="filePath">Where the file goes. An existing file is replaced.</param>
    /// <exception cref="ArgumentException">The model holds no autoencoder of this library, or more than one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The schema lacks a column, or has it in another type.</exception>
    /// <exception cref="NotSupportedException">A transform stands after the autoencoder, or one that the score depends
    /// on cannot be written; the message names it and its columns.</exception>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    public static void ExportPipelineToOnnx(this AutoencoderCatalog catalog, ITransformer model, DataViewSchema inputSchema,
        string filePath)
    {
        ArgumentException.ThrowIfNullOrEmpty(filePath);
        AtomicFile.WriteAll((filePath, catalog.ExportPipelineToOnnx(model, inputSchema)));
    }

    /// <summary>
    /// Gives the bytes of the file that
    /// <see cref="ExportPipelineToOnnx(AutoencoderCatalog, ITransformer, DataViewSchema, string)"/> writes.
    /// </summary>
    /// <param name="catalog">The catalog, from <see cref="AutoencoderExtensions.Autoencoders"/>.</param>
    /// <param name="model">A fitted chain that ends in an autoencoder or a classifier of this library; or one of these alone.</param>
    /// <param name="inputSchema">The schema of the raw data.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="ArgumentException">The model holds no autoencoder of this library, or more than one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The schema lacks a column, or has it in another type.</exception>
    /// <exception cref="NotSupportedException">A transform stands after the autoencoder, or one that the score depends
    /// on cannot be written; the message names it and its columns.</exception>
    public static byte[] ExportPipelineToOnnx(this AutoencoderCatalog catalog, ITransformer model, DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputSchema);
        return PipelineExport.Convert(catalog.Context, model, inputSchema);
    }
}

using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Reports on models and the rows that they score.</summary>
public static class ReportExtensions
{
    /// <summary>
    /// Scores rows and writes a report on them and the model: one HTML file that needs no network and no script.
    /// </summary>
    /// <remarks>
    /// The rows are read once. What is kept of them does not grow with their number: sums, the most anomalous rows, and
    /// random samples of 100,000 scores and 1,200 codes; of each series of a <see cref="TimeSeriesTransformer"/> the least and the largest
    /// numbers of 800 runs of rows. The report says where a figure comes from a sample.
    /// </remarks>
    /// <param name="model">An autoencoder, of rows or of time series, or a chain with one in it.</param>
    /// <param name="path">Where the report goes. An existing file is replaced; it is written whole or not at all.</param>
    /// <param name="data">The rows, as the model takes them.</param>
    /// <param name="options">What the report is told besides; null for the defaults.</param>
    /// <exception cref="ArgumentException">The model holds no autoencoder or more than one, the path is empty, or the images have
    /// another number of pixels than there are features.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder.</exception>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    public static void WriteReport(this ITransformer model, string path, IDataView data, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new ReportOptions();
        options.Check();
        var scored = ReportModel.Find(model);
        var rows = scored.Read(data, options);
        var report = new Report(scored, rows, options);
        AtomicFile.WriteAll((path, report.ToBytes()));
    }
}

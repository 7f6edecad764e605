// Opens a scorer, the file that is named, and scores three rows: a line for each, and first what the file says of itself.
using System.Globalization;
using MLNetAutoencoder.Onnx;

byte[] file = File.ReadAllBytes(args[0]);
Console.WriteLine(AutoencoderOnnxInfo.Read(file, "The file").Graph);
using var model = new AutoencoderModel(file, "The file");
Console.WriteLine(string.Join(",", model.Metadata.FeatureNames));
using var runner = model.CreateRunner([.. model.Inputs], [GraphNames.Score], capacity: 3);
for (int i = 0; i < 3; i++)
{
    var row = runner.InputRow(0, i);
    for (int j = 0; j < row.Length; j++)
        row[j] = (i + 1) * (j + 1) / 16f;
}
runner.Run(3);
for (int i = 0; i < 3; i++)
    Console.WriteLine(runner.OutputRow<float>(0, i)[0].ToString("R", CultureInfo.InvariantCulture));

// And what writes metadata.
using var other = model.WithThreshold(ThresholdRule.Fixed(0.5f));
Console.WriteLine(other.Metadata.Threshold.ToString("R", CultureInfo.InvariantCulture));

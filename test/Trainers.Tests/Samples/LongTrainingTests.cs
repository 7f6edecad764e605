using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The sample of a long training, in processes of its own that are killed.</summary>
[TestClass]
public sealed class LongTrainingTests
{
    private const int Epochs = 60;
    private const string Checkpoint = "autoencoder.checkpoint";

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void A_training_that_is_killed_again_and_again_gives_the_bytes_of_one_that_is_not()
    {
        using var folder = new TestFolder();
        string whole = folder["whole"], part = folder["part"], path = Path.Combine(part, Checkpoint);

        // Redirected, the bar writes nothing: one line is all there is.
        string told = End(Start(whole));
        StringAssert.Matches(told, new($@"^Ended after {Epochs} of {Epochs} epochs; least validation loss [0-9.]+ after epoch \d+\.$"));

        // The first kill comes before there is a checkpoint. Of the others every second waits until one is being
        // written, which may be done before the kill comes: it is tried until one hits.
        var random = new Random(29);
        int kills = 0, whileWriting = 0, epochs = 0;
        while (kills < 5 || (whileWriting == 0 && kills < 20))
        {
            using var child = Start(part);
            if (kills == 0)
                Thread.Sleep(random.Next(50, 150));
            else
            {
                for (int checkpoints = kills < 5 ? random.Next(1, 5) : 1; checkpoints > 0; checkpoints--)
                {
                    var before = File.Exists(path) ? File.GetLastWriteTimeUtc(path) : DateTime.MinValue;
                    WaitUntil(child, () => File.Exists(path) && File.GetLastWriteTimeUtc(path) > before);
                }
                if (kills % 2 == 0 || kills >= 5)
                    WaitUntil(child, () => Unfinished(part).Length > 0);
                else
                    Thread.Sleep(random.Next(0, 40));
            }
            if (child.HasExited)
                break;
            child.Kill();
            child.WaitForExit();
            kills++;
            whileWriting += Unfinished(part).Length > 0 ? 1 : 0;
            if (!File.Exists(path))
                continue;
            int reached = EpochsIn(path);
            TestContext.WriteLine(
                $"killed after {reached} epochs{(Unfinished(part).Length > 0 ? ", while a checkpoint was written" : "")}");
            Assert.IsGreaterThan(epochs, reached, "it went on from where it was");
            epochs = reached;
        }
        Assert.IsGreaterThanOrEqualTo(5, kills, "the training was over before");
        Assert.IsGreaterThanOrEqualTo(1, whileWriting);
        Assert.AreEqual(told, End(Start(part)));
        CollectionAssert.AreEqual(File.ReadAllBytes(Path.Combine(whole, "scorer.onnx")),
            File.ReadAllBytes(Path.Combine(part, "scorer.onnx")));
        CollectionAssert.AreEqual(new[] { Checkpoint, "decoder.onnx", "encoder.onnx", "scorer.onnx" },
            Directory.GetFiles(part).Select(Path.GetFileName).Order().ToArray(), "what was left unfinished is gone");
    }

    private static void WaitUntil(Process child, Func<bool> happens)
    {
        while (!happens() && !child.HasExited)
            Thread.Yield();
    }

    private static string[] Unfinished(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetFiles(folder)
        .Where(path => Path.GetFileName(path).StartsWith($"{Checkpoint}.", StringComparison.Ordinal))] : [];

    /// <summary>The epochs that a checkpoint has behind it: the length of the history in its header.</summary>
    private static int EpochsIn(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var metadata = JsonDocument.Parse(bytes.AsMemory(8, length)).RootElement.GetProperty("__metadata__");
        using var state = JsonDocument.Parse(metadata.GetProperty("autoencoder.state").GetString()!);
        return state.RootElement.GetProperty("History").GetArrayLength();
    }

    private static Process Start(string folder)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "..", "..", "LongTraining",
            Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "LongTraining.dll");
        return Process.Start(new ProcessStartInfo(
            "dotnet", [program, folder, $"{Epochs}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static string End(Process process)
    {
        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, errors.Result);
            return output.TrimEnd();
        }
    }
}

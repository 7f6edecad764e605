using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The file from which a training goes on.</summary>
/// <remarks>
/// The characters <c>MLNAECP2</c>, the length of a header as a 32-bit number, the header in JSON, and then the bytes of the parameters,
/// the statistics, the best weights so far and the state of the random numbers, in that order; then the optimizer as TorchSharp saves it,
/// and last the SHA-256 of all that: what is damaged is refused before anything of it is taken over. The file is
/// written under a temporary name and then takes the place of the one before.
/// </remarks>
/// <param name="options">Where it is and how often it is written.</param>
/// <param name="settings">What must be the same in the training that goes on, by name.</param>
internal sealed class CheckpointFile(CheckpointOptions options, IReadOnlyDictionary<string, string> settings)
{
    public const string FileName = "autoencoder.checkpoint";

    private static readonly byte[] s_magic = "MLNAECP2"u8.ToArray();

    // What it begins with in every version.
    private const int FamilyLength = 7;

    public int EveryEpochs => options.EveryEpochs;

    private string FilePath => Path.Combine(options.Folder, FileName);

    /// <summary>Whether there is something to go on from, and that is wanted.</summary>
    public bool CanResume => options.Continue && File.Exists(FilePath);

    /// <summary>
    /// Makes the folder, so that one that cannot be made is told of before the training, and removes what a process
    /// that was killed has left of a file that was being written.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(options.Folder);
            foreach (string mark in new[] { "tmp", "old" })
            {
                // As AtomicFile names them.
                foreach (string unfinished in Directory.GetFiles(
                    options.Folder, $"{FileName}.????????.{mark}", new EnumerationOptions { MatchType = MatchType.Simple }))
                    File.Delete(unfinished);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException(
                $"The folder '{options.Folder}' of the option {nameof(AutoencoderEstimator.Options.Checkpoint)}.{nameof(options.Folder)} " +
                $"cannot be used: {e.Message} Choose a folder that may be written to.", e);
        }
    }

    /// <summary>Writes the state after an epoch.</summary>
    public void Write(TrainingTask task, OptimizerHelper optimizer, Snapshot best, TrainingState state, Generator generator)
    {
        using var scope = NewDisposeScope();
        byte[] optimizerState = Save(optimizer);
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new Header(
            settings, optimizerState.Length, state.History, Finite(state.LeastValidationLoss), state.EpochsWithoutImprovement,
            Finite(state.PlateauLoss), state.EpochsOnPlateau, state.PlateauFactor));
        using var stream = new MemoryStream();
        stream.Write(s_magic);
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in Tensors(task, best).Append(generator.get_state()))
        {
            using var values = tensor.detach().cpu().contiguous();
            stream.Write(values.bytes);
        }
        stream.Write(optimizerState);
        stream.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        AtomicFile.WriteAll((FilePath, stream.ToArray()));
    }

    /// <summary>Brings everything back to what the file says, where that is wanted and there is one.</summary>
    /// <exception cref="InvalidOperationException">The file is of a training with other options, another seed or other
    /// data; the message names what differs.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, or ends early.</exception>
    public void Resume(TrainingTask task, OptimizerHelper optimizer, Snapshot best, TrainingState state, Generator generator)
    {
        if (!CanResume)
            return;
        byte[] bytes = File.ReadAllBytes(FilePath);
        int start = s_magic.Length + sizeof(int);
        if (bytes.Length < s_magic.Length || !bytes.AsSpan(0, FamilyLength).SequenceEqual(s_magic.AsSpan(0, FamilyLength)))
            throw new InvalidDataException($"The file '{FilePath}' is not a checkpoint of this library.");
        if (bytes[FamilyLength] != s_magic[FamilyLength])
        {
            throw new InvalidDataException(
                $"The checkpoint '{FilePath}' was written by another version of this library, whose checkpoints this one does not read. "
                + "Train from the start with Checkpoint.Continue false.");
        }
        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < start || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
            throw new InvalidDataException($"The checkpoint '{FilePath}' does not hold what was written to it. It is damaged.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(s_magic.Length));
        var header = JsonSerializer.Deserialize<Header>(bytes.AsSpan(start, length))!;
        foreach (var (name, value) in settings)
        {
            string? saved = header.Settings.GetValueOrDefault(name);
            if (saved != value)
                throw new InvalidOperationException(
                    $"The checkpoint '{FilePath}' cannot be gone on from: it was written with {name} {saved ?? "unknown"}, and this " +
                    $"training has {value}. Train with the same, or set Checkpoint.Continue to false.");
        }

        int optimizerStart = end - header.OptimizerBytes;
        LoadTensors(bytes.AsSpan(start + length, optimizerStart - start - length), task, best, generator);

        // Outside a scope: what the optimizer makes here stays with it.
        LoadOptimizer(bytes[optimizerStart..end], optimizer);
        state.History.AddRange(header.History);
        state.LeastValidationLoss = header.LeastValidationLoss ?? double.PositiveInfinity;
        state.EpochsWithoutImprovement = header.EpochsWithoutImprovement;
        state.PlateauLoss = header.PlateauLoss ?? double.PositiveInfinity;
        state.EpochsOnPlateau = header.EpochsOnPlateau;
        state.PlateauFactor = header.PlateauFactor;
    }

    private void LoadTensors(ReadOnlySpan<byte> bytes, TrainingTask task, Snapshot best, Generator generator)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var random = generator.get_state();
        Tensor[] tensors = [.. Tensors(task, best)];
        Tensor[] copies = [.. tensors.Select(tensor => tensor.detach().cpu().clone()), random];
        long expected = copies.Sum(tensor => (long)tensor.bytes.Length);
        if (bytes.Length != expected)
        {
            throw new InvalidDataException(
                $"The checkpoint '{FilePath}' has {bytes.Length} bytes of weights; expected {expected}. It is damaged.");
        }
        foreach (var copy in copies)
        {
            bytes[..copy.bytes.Length].CopyTo(copy.bytes);
            bytes = bytes[copy.bytes.Length..];
        }
        for (int i = 0; i < tensors.Length; i++)
            tensors[i].copy_(copies[i]);
        generator.set_state(random);
    }

    private static IEnumerable<Tensor> Tensors(TrainingTask task, Snapshot best) =>
        task.Parameters.Concat<Tensor>(task.Statistics).Concat(best.Copies);

    private static byte[] Save(OptimizerHelper optimizer)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        optimizer.save_state_dict(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static void LoadOptimizer(byte[] bytes, OptimizerHelper optimizer)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        optimizer.load_state_dict(reader);
    }

    // JSON has no infinity.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private sealed record Header(
        IReadOnlyDictionary<string, string> Settings,
        int OptimizerBytes,
        IReadOnlyList<TrainingEpoch> History,
        double? LeastValidationLoss,
        int EpochsWithoutImprovement,
        double? PlateauLoss,
        int EpochsOnPlateau,
        double PlateauFactor);
}

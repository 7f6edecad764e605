using System.Buffers.Binary;
using System.Text.Json;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The file from which a training goes on.</summary>
/// <remarks>
/// The characters <c>MLNAECP2</c>, the length of a header as a 32-bit number, the header in JSON, and then the bytes of the parameters,
/// the statistics, the best weights so far and the state of the random numbers, in that order; last the optimizer as TorchSharp saves it.
/// The file is written under a temporary name and then takes the place of the one before.
/// </remarks>
/// <param name="options">Where it is and how often it is written.</param>
/// <param name="settings">What must be the same in the training that goes on, by name.</param>
internal sealed class CheckpointFile(CheckpointOptions options, IReadOnlyDictionary<string, string> settings)
{
    public const string FileName = "autoencoder.checkpoint";

    private static readonly byte[] s_magic = "MLNAECP2"u8.ToArray();

    public int EveryEpochs => options.EveryEpochs;

    private string FilePath => Path.Combine(options.Folder, FileName);

    /// <summary>Whether there is something to go on from, and that is wanted.</summary>
    public bool CanResume => options.Continue && File.Exists(FilePath);

    /// <summary>Makes the folder, so that one that cannot be made is told of before the training, and removes what a process that was killed has left of a file that was being written.</summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(options.Folder);
            foreach (string mark in new[] { "tmp", "old" })
            {
                // As AtomicFile names them.
                foreach (string unfinished in Directory.GetFiles(options.Folder, $"{FileName}.????????.{mark}", new EnumerationOptions { MatchType = MatchType.Simple }))
                    File.Delete(unfinished);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException($"The folder '{options.Folder}' of the option {nameof(AutoencoderEstimator.Options.Checkpoint)}.{nameof(options.Folder)} cannot be used: {e.Message} Choose a folder that may be written to.", e);
        }
    }

    /// <summary>Writes the state after an epoch.</summary>
    public void Write(TrainingTask task, OptimizerHelper optimiser, Snapshot best, TrainingState state, Generator generator)
    {
        using var scope = NewDisposeScope();
        byte[] optimiserState = Save(optimiser);
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new Header(
            settings, optimiserState.Length, state.History, Finite(state.LeastValidationLoss), state.EpochsWithoutImprovement,
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
        stream.Write(optimiserState);
        AtomicFile.WriteAll((FilePath, stream.ToArray()));
    }

    /// <summary>Brings everything back to what the file says, where that is wanted and there is one.</summary>
    /// <exception cref="InvalidOperationException">The file is of a training with other options, another seed or other data; the message names what differs.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, or ends early.</exception>
    public void Resume(TrainingTask task, OptimizerHelper optimiser, Snapshot best, TrainingState state, Generator generator)
    {
        if (!CanResume)
            return;
        byte[] bytes = File.ReadAllBytes(FilePath);
        int start = s_magic.Length + sizeof(int);
        if (bytes.Length < start || !bytes.AsSpan(0, s_magic.Length).SequenceEqual(s_magic))
            throw new InvalidDataException($"The file '{FilePath}' is not a checkpoint of this library.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(s_magic.Length));
        Header? header = null;
        try
        {
            header = length > 0 && start + length <= bytes.Length ? JsonSerializer.Deserialize<Header>(bytes.AsSpan(start, length)) : null;
        }
        catch (JsonException)
        {
            // As a header that is not there.
        }
        if (header is null)
            throw new InvalidDataException($"The checkpoint '{FilePath}' has no header that can be read.");
        foreach (var (name, value) in settings)
        {
            string? saved = header.Settings.GetValueOrDefault(name);
            if (saved != value)
                throw new InvalidOperationException($"The checkpoint '{FilePath}' cannot be gone on from: it was written with {name} {saved ?? "unknown"}, and this training has {value}. Train with the same, or set Checkpoint.Continue to false.");
        }

        int optimiserStart = bytes.Length - header.OptimizerBytes;
        if (header.OptimizerBytes < 0 || optimiserStart < start + length)
            throw new InvalidDataException($"The checkpoint '{FilePath}' ends early. It is damaged.");
        LoadTensors(bytes.AsSpan(start + length, optimiserStart - start - length), task, best, generator);

        // Outside a scope: what the optimizer makes here stays with it.
        LoadOptimizer(bytes[optimiserStart..], optimiser);
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

    private static byte[] Save(OptimizerHelper optimiser)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        optimiser.save_state_dict(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private void LoadOptimizer(byte[] bytes, OptimizerHelper optimiser)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes));
            optimiser.load_state_dict(reader);
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidDataException)
        {
            throw new InvalidDataException(
                $"The checkpoint '{FilePath}' has a state of the optimizer that cannot be read: {e.Message} It is damaged.", e);
        }
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

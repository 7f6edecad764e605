using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The file from which a training goes on.</summary>
/// <remarks>
/// A safetensors file with the network's parameters and buffers (<c>network.*</c>), those of the best epoch so far (<c>best.*</c>, with
/// validation), what the optimizer keeps of each parameter (<c>optimizer.*</c>) and the state of the random numbers (<c>generator</c>).
/// Its metadata have the settings and the course of the training in JSON, and the SHA-256 of all that: what is damaged is refused before
/// anything of it is taken over. The file is written under a temporary name and then takes the place of the one before.
/// </remarks>
/// <param name="options">Where it is and how often it is written.</param>
/// <param name="settings">What must be the same in the training that goes on, by name, in the order in which it is compared.</param>
internal sealed class CheckpointFile(CheckpointOptions options, IReadOnlyList<(string Name, string Value)> settings)
{
    public const string FileName = "autoencoder.checkpoint";

    private const string Version = "3", VersionKey = AutoencoderMetadata.Prefix + "checkpoint_version",
        SettingsKey = AutoencoderMetadata.Prefix + "settings", StateKey = AutoencoderMetadata.Prefix + "state",
        DigestKey = AutoencoderMetadata.Prefix + "sha256";

    private const string Network = "network.", Best = "best.", Optimizer = "optimizer.", Random = "generator";

    // The least loss is infinite before there is one.
    private static readonly JsonSerializerOptions s_json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

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
    public void Write(nn.Module network, OptimizerHelper optimizer, TrainingState state, Generator generator)
    {
        using var scope = NewDisposeScope();
        SafeTensor[] tensors =
        [
            .. network.state_dict().Select(pair => Copy(Network + pair.Key, pair.Value)),
            .. state.Best.Select(pair => Copy(Best + pair.Key, pair.Value)),
            .. OptimizerTensors.Of(optimizer, Parameters(network)).Select(pair => Copy(Optimizer + pair.Name, pair.Tensor)),
            Copy(Random, generator.get_state()),
        ];
        var metadata = new Dictionary<string, string>
        {
            [VersionKey] = Version,
            [SettingsKey] = JsonSerializer.Serialize(settings.ToDictionary(pair => pair.Name, pair => pair.Value)),
            [StateKey] = JsonSerializer.Serialize(state, s_json),
        };
        metadata[DigestKey] = Digest(tensors, metadata);
        AtomicFile.WriteAll((FilePath, new SafeTensors(tensors, metadata).ToBytes()));
    }

    /// <summary>Brings everything back to what the file says, where that is wanted and there is one.</summary>
    /// <returns>What the training has come to; null where there is nothing to go on from.</returns>
    /// <exception cref="InvalidOperationException">The file is of a training with other options, another seed or other
    /// data; the message names what differs.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, or damaged.</exception>
    public TrainingState? Resume(nn.Module network, OptimizerHelper optimizer, Generator generator)
    {
        if (!CanResume)
            return null;
        var file = Read();
        var saved = JsonSerializer.Deserialize<Dictionary<string, string>>(file.Metadata[SettingsKey])!;
        foreach (var (name, value) in settings)
        {
            if (saved.GetValueOrDefault(name) != value)
                throw new InvalidOperationException(
                    $"The checkpoint '{FilePath}' cannot be gone on from: it was written with {name} " +
                    $"{saved.GetValueOrDefault(name) ?? "unknown"}, and this training has {value}. Train with the same, or set " +
                    "Checkpoint.Continue to false.");
        }
        var device = generator.device;
        var state = JsonSerializer.Deserialize<TrainingState>(file.Metadata[StateKey], s_json)!;
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Name.StartsWith(Best, StringComparison.Ordinal)))
            state.Best.Add(tensor.Name[Best.Length..], Copy(tensor).to(device));

        using var scope = NewDisposeScope();
        network.load_state_dict(file.Tensors.Where(tensor => tensor.Name.StartsWith(Network, StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name[Network.Length..], Copy));
        OptimizerTensors.Load(optimizer, Parameters(network),
            name => file.Find(Optimizer + name) is { } found ? Copy(found).to(device) : null);
        generator.set_state(Copy(file.Find(Random)!));
        return state;
    }

    private SafeTensors Read()
    {
        byte[] bytes = File.ReadAllBytes(FilePath);

        // What checkpoints began with before they were safetensors files.
        if (bytes.AsSpan().StartsWith("MLNAECP"u8))
            throw OfOtherVersion();
        SafeTensors file;
        try
        {
            file = SafeTensors.Read(bytes, "It");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The file '{FilePath}' is not a checkpoint of this library, or it is damaged. {e.Message}", e);
        }
        if (!file.Metadata.TryGetValue(VersionKey, out string? version))
            throw new InvalidDataException($"The file '{FilePath}' is not a checkpoint of this library, or it is damaged.");
        if (version != Version)
            throw OfOtherVersion();
        return file.Metadata.GetValueOrDefault(DigestKey) == Digest(file.Tensors, file.Metadata) ? file
            : throw new InvalidDataException($"The checkpoint '{FilePath}' does not hold what was written to it: it is damaged.");
    }

    private InvalidDataException OfOtherVersion() => new(
        $"The checkpoint '{FilePath}' was written by another version of this library, whose checkpoints this one does not read. "
        + "Train from the start with Checkpoint.Continue false.");

    private static IEnumerable<string> Parameters(nn.Module network) => network.named_parameters().Select(pair => pair.name);

    private static SafeTensor Copy(string name, Tensor tensor)
    {
        using var values = tensor.detach().cpu().contiguous();
        string type = values.dtype switch
        {
            ScalarType.Float32 => "F32",
            ScalarType.Int64 => "I64",
            ScalarType.Byte => "U8",
            _ => throw new NotSupportedException($"The tensor '{name}' is of {values.dtype}."),
        };
        return new SafeTensor(name, type, values.shape, values.bytes.ToArray());
    }

    private static Tensor Copy(SafeTensor tensor)
    {
        var type = tensor.DType switch { "F32" => ScalarType.Float32, "I64" => ScalarType.Int64, _ => ScalarType.Byte };
        var copy = zeros([.. tensor.Shape], dtype: type, device: CPU);
        tensor.Data.Span.CopyTo(copy.bytes);
        return copy;
    }

    /// <summary>The SHA-256 of everything in a file but itself, whatever the order in which it stands there.</summary>
    private static string Digest(IEnumerable<SafeTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in metadata.Where(pair => pair.Key != DigestKey).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes($"{key}\0{value}\0"));
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}\0{tensor.DType}\0{string.Join(',', tensor.Shape)}\0"));
            hash.AppendData(tensor.Data.Span);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

using Microsoft.Extensions.Options;

namespace MLNetAutoencoder.Hosting;

/// <summary>Checks the options of a scorer; each message names scorer and option.</summary>
internal sealed class AutoencoderScorerValidation : IValidateOptions<AutoencoderScorerOptions>
{
    public ValidateOptionsResult Validate(string? name, AutoencoderScorerOptions options)
    {
        List<string> failures = [];
        void Check(bool isFine, string option, object? value, string expected)
        {
            if (!isFine)
                failures.Add($"The option {option} of the autoencoder '{name}' is '{value}'; expected {expected}.");
        }
        Check(options.Path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)
            || options.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase), nameof(options.Path), options.Path,
            "the path of a model file that ends with .zip or .onnx");
        Check(options.MaxBatchSize is >= 1 and <= 65_536, nameof(options.MaxBatchSize), options.MaxBatchSize, "from 1 to 65536");
        Check(options.MaxBatchDelay >= TimeSpan.Zero && options.MaxBatchDelay <= TimeSpan.FromMinutes(1), nameof(options.MaxBatchDelay),
            options.MaxBatchDelay, "from zero to a minute");
        Check(options.QueueCapacity >= 1, nameof(options.QueueCapacity), options.QueueCapacity, "at least 1");
        Check(options.ReloadInterval > TimeSpan.Zero || options.ReloadInterval == Timeout.InfiniteTimeSpan,
            nameof(options.ReloadInterval), options.ReloadInterval, "more than zero, or infinite");
        Check(options.TopFeatures >= 0, nameof(options.TopFeatures), options.TopFeatures, "at least 0");
        Check(options.DriftWindow >= 100, nameof(options.DriftWindow), options.DriftWindow, "at least 100");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MLNetAutoencoder.Hosting;

/// <summary>Adds scorers to the services of an application.</summary>
public static class AutoencoderServiceCollectionExtensions
{
    /// <summary>
    /// Adds a scorer as the keyed service <see cref="IAutoencoderScorer"/>; the first one that is added is the unkeyed service too. Its
    /// model is loaded when the host starts, and exchanged when its file changes: rows that wait are scored by the model that they came
    /// to, which is released after the last of them. A file that cannot be loaded leaves the model in place and is reported.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key, and the name in metrics and health.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException">The name is empty, or a scorer has it.</exception>
    public static IServiceCollection AddAutoencoder(
        this IServiceCollection services, string name, Action<AutoencoderScorerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(BatchingScorer)
            && name.Equals(service.ServiceKey)))
            throw new ArgumentException($"There are two scorers of the name '{name}'; expected a name of its own for each.", nameof(name));
        services.AddOptions<AutoencoderScorerOptions>(name).Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<AutoencoderScorerOptions>, AutoencoderScorerValidation>();
        services.TryAddSingleton<ScorerMetrics>();
        services.AddKeyedSingleton(name, (provider, _) => new BatchingScorer(name,
            provider.GetRequiredService<IOptionsMonitor<AutoencoderScorerOptions>>().Get(name),
            provider.GetRequiredService<ScorerMetrics>(), provider.GetRequiredService<ILogger<BatchingScorer>>()));
        services.AddKeyedSingleton<IAutoencoderScorer>(name, (provider, _) => provider.GetRequiredKeyedService<BatchingScorer>(name));
        services.TryAddSingleton<IAutoencoderScorer>(provider => provider.GetRequiredKeyedService<BatchingScorer>(name));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<BatchingScorer>(name));
        return services;
    }

    /// <summary>
    /// Adds the health of a scorer: healthy with a model, degraded while a newer file cannot be loaded, unhealthy without a model.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The name that the scorer was added with.</param>
    /// <param name="tags">Tags, such as "ready".</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddAutoencoder(this IHealthChecksBuilder builder, string name, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return builder.Add(new HealthCheckRegistration(name,
            provider => provider.GetRequiredKeyedService<BatchingScorer>(name), HealthStatus.Unhealthy, tags));
    }
}

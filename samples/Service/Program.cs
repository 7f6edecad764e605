// A service that scores rows with one model: JSON, and the Open Inference Protocol v2. See docs/service.md.
//   dotnet run --project samples/Service -c Release -- --Model:Path data.model.zip --urls http://localhost:5000
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using MLNetAutoencoder.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Service;

var builder = WebApplication.CreateSlimBuilder(args);
string name = builder.Configuration["Model:Name"] ?? "autoencoder";

builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = RequestLimits.BodyBytes);
builder.Services.AddAutoencoder(name, builder.Configuration.GetSection("Model").Bind);
builder.Services.AddHealthChecks().AddAutoencoder(name);
builder.Services.AddProblemDetails();
// Numbers are numbers: the description for clients would otherwise allow texts in their place.
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
builder.Services.AddOpenApi();
builder.Services.AddOpenTelemetry()
    .WithTracing(traces => traces.AddSource(AutoencoderTelemetry.Name))
    .WithMetrics(metrics => metrics
        .AddMeter(AutoencoderTelemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
        .AddView("mlnet_autoencoder.score.duration", new ExplicitBucketHistogramConfiguration
        {
            Boundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
        })
        .AddView("mlnet_autoencoder.batch.size", new ExplicitBucketHistogramConfiguration
        {
            Boundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
        })
        .AddPrometheusExporter());

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapPrometheusScrapingEndpoint();
app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = HealthReports.WriteAsync });
app.MapScoring();
app.MapOpenInference(name);
await app.RunAsync();

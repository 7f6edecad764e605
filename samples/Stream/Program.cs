// A worker that scores rows from NATS JetStream. Start as many as there are cores or machines: they share one durable consumer.
//   dotnet run --project samples/Stream -c Release -- --Model:Path data.model.zip --Nats:Url nats://127.0.0.1:4222
// Rows come as JSON objects on rows.*, one a message; scores go to scores.* with the same last part.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MLNetAutoencoder.Hosting;
using StreamSample;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddAutoencoder("stream", options =>
{
    options.Path = builder.Configuration["Model:Path"] ?? "";
    options.TopFeatures = 0;
});
builder.Services.AddHostedService(services => new Worker(
    services.GetRequiredService<IAutoencoderScorer>(), builder.Configuration["Nats:Url"] ?? "nats://127.0.0.1:4222"));
await builder.Build().RunAsync();

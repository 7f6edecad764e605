using System.Text.Json;
using Microsoft.Extensions.Hosting;
using MLNetAutoencoder.Hosting;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Net;

namespace StreamSample;

/// <summary>
/// Takes rows, scores them together, publishes the scores, and acknowledges the rows after that. A row whose worker ends before it is
/// acknowledged comes to another one, so that each is scored at least once; its score has the row's number as its message id, by which the
/// server drops a second one.
/// </summary>
internal sealed class Worker(IAutoencoderScorer scorer, string url) : BackgroundService
{
    // What a worker holds at most: rows that are neither read ahead nor acknowledged stay with the server.
    private const int BatchSize = 256;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5), s_duplicates = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var client = new NatsClient(url);
        var stream = client.CreateJetStreamContext();
        await stream.CreateOrUpdateStreamAsync(new StreamConfig("ROWS", ["rows.*"]) { Storage = StreamConfigStorage.File }, stoppingToken);
        await stream.CreateOrUpdateStreamAsync(
            new StreamConfig("SCORES", ["scores.*"]) { Storage = StreamConfigStorage.File, DuplicateWindow = s_duplicates }, stoppingToken);
        var consumer = await stream.CreateOrUpdateConsumerAsync("ROWS",
            new ConsumerConfig("scorers") { AckPolicy = ConsumerConfigAckPolicy.Explicit, AckWait = s_patience, MaxAckPending = 4096 },
            stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            List<INatsJSMsg<byte[]>> rows = [];
            await foreach (var row in consumer.FetchAsync<byte[]>(
                new NatsJSFetchOpts { MaxMsgs = BatchSize, Expires = TimeSpan.FromSeconds(1) }, cancellationToken: stoppingToken))
                rows.Add(row);
            await Task.WhenAll(rows.Select(row => ScoreAsync(stream, row, stoppingToken)));
        }
    }

    private async Task ScoreAsync(INatsJSContext stream, INatsJSMsg<byte[]> row, CancellationToken cancellation)
    {
        ulong number = row.Metadata!.Value.Sequence.Stream;
        byte[] reply;
        try
        {
            var values = JsonSerializer.Deserialize<Dictionary<string, object?>>(row.Data)
                ?? throw new JsonException("The row is null; expected an object.");
            var score = await scorer.ScoreAsync(values, cancellation);
            reply = JsonSerializer.SerializeToUtf8Bytes(new
            {
                row = number,
                score = float.IsFinite(score.Score) ? score.Score : (float?)null,
                isAnomaly = score.IsAnomaly,
                pValue = score.PValue,
                model = score.ModelVersion,
            });
        }
        catch (Exception e) when (e is JsonException or RowFormatException)
        {
            // It would fail again: what is wrong is its result.
            reply = JsonSerializer.SerializeToUtf8Bytes(new { row = number, error = e.Message });
        }
        var published = await stream.PublishAsync("scores." + row.Subject[(row.Subject.IndexOf('.') + 1)..], reply,
            opts: new NatsJSPubOpts { MsgId = $"row-{number}" }, cancellationToken: cancellation);
        if (!published.Duplicate)
            published.EnsureSuccess();
        await row.AckAsync(cancellationToken: cancellation);
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Service;

/// <summary>Health as JSON.</summary>
internal static class HealthReports
{
    public static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        models = report.Entries.ToDictionary(entry => entry.Key, entry => new
        {
            status = entry.Value.Status.ToString(), entry.Value.Description, entry.Value.Data,
        }),
    });
}

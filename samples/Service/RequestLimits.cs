using System.Text.Json;

namespace Service;

/// <summary>What a request may have at most.</summary>
internal static class RequestLimits
{
    public const long BodyBytes = 8 << 20;

    public const int Rows = 10_000;

    public static readonly JsonDocumentOptions Json = new() { MaxDepth = 8 };
}

using System.Runtime.ExceptionServices;

namespace MLNetAutoencoder.Tool;

/// <summary>What the tool tells its caller when it ends; docs/tool.md lists them.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>A command, an option or its value is wrong.</summary>
    public const int WrongUse = 1;

    /// <summary>A file cannot be read or written, or does not have what is expected.</summary>
    public const int BadInput = 2;

    /// <summary>There are anomalies, and <c>--fail-on-anomaly</c> is given.</summary>
    public const int Anomalies = 3;

    public const int Canceled = 4;

    /// <summary>A fault of the tool: EX_SOFTWARE of sysexits.h.</summary>
    public const int Internal = 70;
}

/// <summary>The command line asks for something that cannot be.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A file does not have what is expected; the message names file, row and column.</summary>
internal sealed class InputException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>ML.NET reads on another thread, and packs what is thrown there: throws it as it was.</summary>
    public static void ThrowInner(Exception packed)
    {
        for (var inner = packed.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is InputException or OperationCanceledException)
                ExceptionDispatchInfo.Throw(inner);
        }
    }
}

namespace MLNetAutoencoder.Tests;

/// <summary>Checks that something fails, and with which words.</summary>
internal static class Fails
{
    /// <summary>By an exception of just this type.</summary>
    public static void With<T>(string words, Action action) where T : Exception =>
        StringAssert.Contains(Assert.ThrowsExactly<T>(action).Message, words);

    /// <summary>The same of something that gives a value.</summary>
    public static void With<T>(string words, Func<object?> function) where T : Exception =>
        StringAssert.Contains(Assert.ThrowsExactly<T>(function).Message, words);

    /// <summary>By an exception of this type or one that is derived from it.</summary>
    public static void As<T>(string words, Action action) where T : Exception =>
        StringAssert.Contains(Assert.Throws<T>(action).Message, words);
}

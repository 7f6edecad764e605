namespace Microsoft.ML.Data;

internal static class Generic
{
    /// <summary>Calls a generic method for a type known only at run time; <paramref name="example"/> is the method for any type.</summary>
    internal static TResult Call<TResult>(Delegate example, Type type, params object[] arguments) => Call<TResult>(example, [type], arguments);

    internal static TResult Call<TResult>(Delegate example, Type[] types, params object[] arguments) =>
        (TResult)example.Method.GetGenericMethodDefinition().MakeGenericMethod(types).Invoke(example.Target, arguments);
}

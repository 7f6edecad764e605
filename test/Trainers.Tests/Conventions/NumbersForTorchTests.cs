using System.Reflection;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A number that is made for one call of libtorch may be freed within it: none is made outside of the one place that keeps them,
/// neither by the library nor by what it calls in TorchSharp, such as the sum of two tensors.
/// </summary>
[TestClass]
public sealed class NumbersForTorchTests
{
    private const byte Call = 0x28, VirtualCall = 0x6F;
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    [TestMethod]
    public void Numbers_are_made_in_one_place()
    {
        var calls = Methods(typeof(Scalar).Assembly).ToDictionary(method => method, Callees);
        var making = calls.Keys.Where(method => IsNumber(method)).ToHashSet();
        Assert.IsNotEmpty(making);
        while (calls.Where(pair => pair.Value.Any(making.Contains)).Select(pair => making.Add(pair.Key)).ToArray().Contains(true))
        {
        }
        Assert.Contains(typeof(torch.Tensor).GetMethod("square")!, making, "the test sees what TorchSharp makes");
        string[] found =
        [
            .. from method in Methods(typeof(AutoencoderEstimator).Assembly)
               where method.DeclaringType != typeof(TensorNumbers)
               from callee in Callees(method)
               where making.Contains(callee)
               select $"{method.DeclaringType}.{method.Name} calls {callee.DeclaringType!.Name}.{callee}",
        ];
        Assert.IsEmpty(found, $"use {nameof(TensorNumbers)}:\n{string.Join('\n', found)}");
    }

    private static bool IsNumber(MethodBase method) =>
        method is MethodInfo { IsStatic: true } made && made.ReturnType == typeof(Scalar) && method.Name is "op_Implicit" or "ToScalar";

    private static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(type =>
        type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)));

    /// <summary>What any place that looks like a call would call: a constant that looks so hardly names a method that counts.</summary>
    private static MethodBase[] Callees(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var callees = new List<MethodBase>();
        for (int i = 0; i + 5 <= code.Length; i++)
        {
            int token = code[i] is Call or VirtualCall ? BitConverter.ToInt32(code, i + 1) : 0;
            if (token >>> 24 is 0x06 or 0x0A && Resolve(method, token) is { } callee)
                callees.Add(callee);
        }
        return [.. callees];
    }

    private static MethodBase? Resolve(MethodBase method, int token)
    {
        try
        {
            return method.Module.ResolveMethod(
                token, method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or MissingMethodException or TypeLoadException
            or FileNotFoundException or FileLoadException)
        {
            return null;
        }
    }
}

using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>
/// A switch of libtorch that belongs to the whole process and that TorchSharp does not offer: off while anyone wants it off, afterwards
/// what it was before.
/// </summary>
internal sealed class TorchSwitch(Func<bool> read, Action<bool> write)
{
    private static readonly Lazy<TorchSwitch?> s_oneDnn = new(() => Find("Mkldnn")), s_nnpack = new(() => Find("NNPACK"));

    private readonly object _lock = new();
    private int _users;
    private bool _before;

    private delegate nint GlobalContext();

    [return: MarshalAs(UnmanagedType.U1)]
    private delegate bool Read(nint context);

    private delegate void Write(nint context, [MarshalAs(UnmanagedType.U1)] bool isOn);

    /// <summary>Whether libtorch may use oneDNN; null where this libtorch has no such switch that we know of.</summary>
    public static TorchSwitch? OneDnn => s_oneDnn.Value;

    /// <summary>Whether libtorch may use NNPACK; null where this libtorch has no such switch that we know of.</summary>
    public static TorchSwitch? Nnpack => s_nnpack.Value;

    public bool IsOn => read();

    /// <summary>Turns it off until disposed. Several may: the last one turns it back.</summary>
    public IDisposable TurnOff()
    {
        lock (_lock)
        {
            if (_users++ == 0)
            {
                _before = read();
                write(false);
            }
        }
        return new Lease(Leave);
    }

    /// <summary>Finds at::Context::setUserEnabledX and userEnabledX by the names that C++ compilers give them.</summary>
    private static TorchSwitch? Find(string engine)
    {
        bool isWindows = OperatingSystem.IsWindows();
        string set = $"setUserEnabled{engine}", get = $"userEnabled{engine}";
        string[] names = isWindows
            ? ["?globalContext@at@@YAAEAVContext@1@XZ", $"?{get}@Context@at@@QEBA_NXZ", $"?{set}@Context@at@@QEAAX_N@Z"]
            : ["_ZN2at13globalContextEv", $"_ZNK2at7Context{get.Length}{get}Ev", $"_ZN2at7Context{set.Length}{set}Eb"];

        // Elsewhere than on Windows a symbol is also looked for in what a library was linked with: it is that of the libtorch that
        // TorchSharp uses.
        if (!NativeLibrary.TryLoad(isWindows ? "torch_cpu" : "LibTorchSharp", typeof(torch).Assembly, null, out nint library))
            return null;
        var exports = Array.ConvertAll(names, name => NativeLibrary.TryGetExport(library, name, out nint export) ? export : 0);
        if (exports.Contains(0))
            return null;
        nint context = Marshal.GetDelegateForFunctionPointer<GlobalContext>(exports[0])();
        var read = Marshal.GetDelegateForFunctionPointer<Read>(exports[1]);
        var write = Marshal.GetDelegateForFunctionPointer<Write>(exports[2]);
        return new TorchSwitch(() => read(context), isOn => write(context, isOn));
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_users == 0)
                write(_before);
        }
    }
}

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The machine's CPU.</summary>
    public static readonly Device CPU = new(DeviceType.CPU, -1);

    public static Device device(string description) => InitializeDevice(new Device(description));

    /// <summary><paramref name="device"/>, or the CPU for none, once it is known to be usable.</summary>
    /// <exception cref="InvalidOperationException">There is no such device.</exception>
    internal static Device InitializeDevice(Device? device)
    {
        device ??= CPU;
        if (device.type == DeviceType.MPS || (device.type == DeviceType.CUDA && !cuda.is_available()))
            throw new InvalidOperationException($"Torch device type {device.type} did not initialise on the current machine.");
        return device;
    }

    /// <summary>Where a tensor is.</summary>
    public class Device
    {
        internal Device(DeviceType deviceType, int index) => (type, this.index) = (deviceType, index);

        /// <param name="description">"cpu", "cuda" or "cuda:0".</param>
        public Device(string description)
        {
            ArgumentNullException.ThrowIfNull(description);
            string[] parts = description.Split(':');
            type = Enum.Parse<DeviceType>(parts[0], ignoreCase: true);
            index = parts.Length == 2 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : -1;
        }

        public DeviceType type { get; }

        /// <summary>The device's number, or -1 for the current one.</summary>
        internal int index { get; }

        public override string ToString()
        {
            string name = type.ToString().ToLowerInvariant();
            return type == DeviceType.CPU || index < 0 ? name : $"{name}:{index}";
        }
    }
}

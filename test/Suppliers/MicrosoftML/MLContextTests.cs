using Microsoft.ML;
using Microsoft.ML.Runtime;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace MLNetAutoencoder.Tests.Suppliers.MicrosoftML;

[TestClass]
public sealed class MLContextTests
{
    [TestMethod]
    public void Log_names_the_host_and_the_channel()
    {
        var ml = new MLContext();
        var seen = new List<LoggingEventArgs>();
        ml.Log += (_, e) => seen.Add(e);

        using (IChannel channel = ((IHostEnvironment)ml).Register("Acme").Start("Work"))
            channel.Info(MessageSensitivity.None, "half {done}");

        LoggingEventArgs message = seen.Single(e => e.Kind == ChannelMessageKind.Info);
        Assert.AreEqual("Acme; Work", message.Source);
        Assert.AreEqual("half {done}", message.RawMessage);
        Assert.AreEqual("[Source=Acme; Work, Kind=Info] half {done}", message.Message);
    }

    [TestMethod]
    public void Hosts_of_hosts_name_themselves()
    {
        var ml = new MLContext();
        var seen = new List<string>();
        ml.Log += (_, e) => seen.Add(e.Source);
        IHost host = ((IHostEnvironment)ml).Register("A");
        host.Register("B").Start("C").Dispose();
        host.Register("B").Register("D").Start("E").Dispose();
        ((IHostEnvironment)ml).Start("F").Dispose();
        CollectionAssert.AreEqual(new[] { "B; C", "A; D; E", "F" }, seen.Distinct().ToArray());
    }

    [TestMethod]
    public void Empty_messages_and_names_are_refused()
    {
        IHost host = ((IHostEnvironment)new MLContext()).Register("A");
        using IChannel channel = host.Start("B");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => channel.Info(MessageSensitivity.None, ""));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => channel.Info(MessageSensitivity.None, "text", []));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => host.Register(""));
    }

    [TestMethod]
    public void Log_tells_when_a_channel_starts_and_ends()
    {
        var ml = new MLContext();
        var seen = new List<string>();
        ml.Log += (_, e) => seen.Add($"{e.Kind} {e.RawMessage}");

        ((IHostEnvironment)ml).Register("Acme").Start("Work").Dispose();

        Assert.HasCount(3, seen);
        Assert.AreEqual("Trace Channel started", seen[0]);
        StringAssert.StartsWith(seen[1], "Trace Channel finished. Elapsed ", StringComparison.Ordinal);
        Assert.AreEqual("Trace Channel disposed", seen[2]);
    }

    [TestMethod]
    public void Messages_with_arguments_are_formatted_and_every_kind_arrives()
    {
        var ml = new MLContext();
        var seen = new List<string>();
        ml.Log += (_, e) => seen.Add($"{e.Kind} {e.RawMessage}");

        using (IChannel channel = ((IHostEnvironment)ml).Register("Acme").Start("Work"))
        {
            channel.Trace(MessageSensitivity.None, "{0} of {1}", 1, 4);
            channel.Info(MessageSensitivity.Schema, "{0} of {1}", 2, 4);
            channel.Warning(MessageSensitivity.UserData, "{0} of {1}", 3, 4);
            channel.Error(MessageSensitivity.All, "{0} of {1}", 4, 4);
        }

        CollectionAssert.IsSubsetOf(new[] { "Trace 1 of 4", "Info 2 of 4", "Warning 3 of 4", "Error 4 of 4" }, seen);
    }

    [TestMethod]
    public void What_a_handler_of_the_log_throws_reaches_the_caller()
    {
        var ml = new MLContext();
        ml.Log += (_, _) => throw new NotSupportedException("stop");
        Assert.ThrowsExactly<NotSupportedException>(() => ((IHostEnvironment)ml).Register("Acme").Start("Work"));
    }

    [TestMethod]
    public void Progress_raises_no_log_events()
    {
        var ml = new MLContext();
        int seen = 0;
        ml.Log += (_, _) => seen++;
        using (IProgressChannel progress = ((IHostEnvironment)ml).Register("Acme").StartProgressChannel("Epochs"))
        {
            progress.SetHeader(new ProgressHeader(["loss"], ["epochs"]), entry => entry.SetProgress(0, 1, 2));
            progress.Checkpoint(1, 2);
        }

        Assert.AreEqual(0, seen);
    }

    [TestMethod]
    public void A_seed_decides_what_hosts_draw()
    {
        static int[] Draw(MLContext ml) => [.. Enumerable.Range(0, 3).Select(i => ((IHostEnvironment)ml).Register("host" + i).Rand.Next())];

        CollectionAssert.AreEqual(Draw(new MLContext(7)), Draw(new MLContext(7)));
        CollectionAssert.AreNotEqual(Draw(new MLContext(7)), Draw(new MLContext(8)));
        Assert.AreEqual(
            ((IHostEnvironment)new MLContext(1)).Register("a", seed: 5).Rand.Next(),
            ((IHostEnvironment)new MLContext(2)).Register("b", seed: 5).Rand.Next());
    }

    [TestMethod]
    public void Options_are_a_bag_of_the_context()
    {
        var ml = new MLContext();
        Assert.IsFalse(ml.TryGetOption("answer", out int _));
        Assert.IsTrue(ml.TryAddOption("answer", 41));
        Assert.IsFalse(ml.TryAddOption("answer", 43));
        ml.SetOption("answer", 42);
        Assert.AreEqual(42, ml.GetOptionOrDefault<int>("answer"));
        Assert.IsTrue(ml.RemoveOption("answer"));
        Assert.IsNull(ml.GetOptionOrDefault<string>("other"));
        Assert.ThrowsExactly<ArgumentNullException>(() => ml.SetOption(" ", 1));
    }

    [TestMethod]
    public void Defaults_are_the_cpu_and_the_folder_for_temporary_files()
    {
        var ml = new MLContext();
        Assert.IsNull(ml.GpuDeviceId);
        Assert.IsFalse(ml.FallbackToCpu);
        Assert.AreEqual(Path.GetTempPath(), ml.TempFilePath);
    }
}

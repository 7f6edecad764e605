using System.Reflection;

namespace MLNetAutoencoder.Tests.House;

/// <summary>Each library's public surface is what its approval file says: a change of it is seen and meant.</summary>
[TestClass]
public sealed class PublicApiTests
{
    [TestMethod]
    [DataRow("MLNetAutoencoder.Onnx")]
    [DataRow("MLNetAutoencoder.Transforms")]
    [DataRow("MLNetAutoencoder.Trainers")]
    public void The_public_surface_is_the_approved_one(string library)
    {
        string approvedPath = Repository.PathOf("test", "House", "PublicApi", library + ".txt");
        string receivedPath = Repository.PathOf("artifacts", "public-api", library + ".txt");
        string[] received = [.. ApiListing.Of([Assembly.Load(new AssemblyName(library))])];
        string[] approved = File.Exists(approvedPath) ? File.ReadAllLines(approvedPath) : [];

        string[] gained = [.. received.Except(approved)], lost = [.. approved.Except(received)];
        if (gained.Length + lost.Length == 0)
        {
            if (File.Exists(receivedPath))
            {
                File.Delete(receivedPath);
            }

            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(receivedPath)!);
        File.WriteAllText(receivedPath, string.Join('\n', received) + "\n");
        Assert.Fail($"""
            The public API of {library} is not the approved one.
            {string.Join(Environment.NewLine, [.. gained.Select(line => "+ " + line), .. lost.Select(line => "- " + line)])}
            If that is meant, approve it: eng/approve-api.sh
            """);
    }
}

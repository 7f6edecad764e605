namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// The polyfills promise nothing that the real packages do not have. The listings under polyfills/api are what both share:
/// a polyfill's public surface is exactly its listing, and the real packages' surface contains it. Each test holds with either
/// supplier; <see cref="PolyfillUseTests"/> compare the listings with what the repository calls.
/// </summary>
[TestClass]
public sealed class PolyfillGuardTests
{
    [TestMethod]
    [DataRow("Microsoft.ML")]
    [DataRow("Microsoft.ML.OnnxRuntime")]
    [DataRow("TorchSharp")]
    public void The_supplier_has_every_listed_member(string name)
    {
        var supplier = SupplierApi.All.Single(supplier => supplier.Name == name);
        var listed = Listing(supplier);
        var offered = ApiListing.Of(supplier.Assemblies());

        AssertNone(listed.Except(offered), $"polyfills/api/{supplier.ListingFile} lists members that {name} ({Repository.Supplier}) does not have");
        if (Repository.Supplier == "polyfills")
        {
            AssertNone(
                offered.Except(listed),
                $"the {name} polyfill has public members that polyfills/api/{supplier.ListingFile} does not list; eng/cut-api-listing.sh adds those that the real package has");
        }
    }

    [TestMethod]
    public void The_listings_name_the_full_listing_that_they_were_cut_from()
    {
        foreach (var supplier in SupplierApi.All)
        {
            var header = File.ReadLines(Repository.PathOf("polyfills", "api", supplier.ListingFile)).TakeWhile(line => line.StartsWith('#'));
            StringAssert.Matches(string.Join('\n', header), new("SHA-256 [0-9a-f]{64}"));
        }
    }

    [TestMethod]
    public void The_listed_versions_are_the_pinned_ones()
    {
        string pinned = File.ReadAllText(Repository.PathOf("Directory.Packages.props"));
        foreach (var (property, name) in new[] { ("MicrosoftMLVersion", "Microsoft.ML"), ("OnnxRuntimeVersion", "Microsoft.ML.OnnxRuntime"), ("TorchSharpVersion", "TorchSharp") })
        {
            StringAssert.Contains(pinned, $"<{property}>{SupplierApi.All.Single(supplier => supplier.Name == name).Version}</{property}>");
        }
    }

    internal static HashSet<string> Listing(SupplierApi supplier) =>
        File.ReadLines(Repository.PathOf("polyfills", "api", supplier.ListingFile)).Where(line => !line.StartsWith('#')).ToHashSet(StringComparer.Ordinal);

    internal static void AssertNone(IEnumerable<string> lines, string problem)
    {
        string[] found = [.. lines];
        if (found.Length > 0)
        {
            Assert.Fail($"{problem}:{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
        }
    }
}

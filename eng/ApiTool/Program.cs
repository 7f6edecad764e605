using System.Security.Cryptography;
using MLNetAutoencoder.Tests.House;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("usage: ApiTool FOLDER-OF-FULL-LISTINGS FOLDER-TO-WRITE");
    return 2;
}

int strangers = 0;
foreach (var supplier in SupplierApi.All)
{
    string full = Path.Combine(source, supplier.ListingFile);
    if (!File.Exists(full))
    {
        Console.Error.WriteLine($"{full} is missing: {source} should hold the full listing of each package's public API.");
        return 2;
    }

    var known = File.ReadLines(full).ToHashSet(StringComparer.Ordinal);
    var offered = ApiListing.Of(supplier.Assemblies());
    foreach (string line in offered.Where(line => !known.Contains(line)))
    {
        Console.Error.WriteLine($"{supplier.Name}: the package has no such member: {line}");
        strangers++;
    }

    string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(full)));
    string[] header =
    [
        $"# The public API of {supplier.Name} {supplier.Version}, cut to what its polyfill offers by eng/cut-api-listing.sh.",
        $"# The full listing: {known.Count} lines, SHA-256 {hash}.",
    ];
    File.WriteAllText(Path.Combine(target, supplier.ListingFile), string.Join('\n', [.. header, .. offered.Where(known.Contains)]) + "\n");
    Console.WriteLine($"{supplier.ListingFile}: {offered.Count(known.Contains)} of {known.Count} lines");
}

return strangers == 0 ? 0 : 1;

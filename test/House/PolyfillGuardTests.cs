using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// The polyfills promise nothing that the real packages do not have. The listings under polyfills/api are what both share:
/// a polyfill's public surface is exactly its listing, the real packages' surface contains it, and the libraries call
/// nothing of a supplier that is not in it. Each test holds with either supplier.
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

    [TestMethod]
    [DataRow("MLNetAutoencoder.Onnx")]
    [DataRow("MLNetAutoencoder.Transforms")]
    [DataRow("MLNetAutoencoder.Trainers")]
    public void A_library_uses_listed_members_only(string library)
    {
        // Up to the member's name: generic methods, signatures and return types are the compiler's affair.
        var listed = SupplierApi.All.SelectMany(Listing).Select(WithoutSignature).ToHashSet(StringComparer.Ordinal);
        AssertNone(
            SupplierMembersUsedBy(library).Where(member => !listed.Contains(member) && !listed.Contains(WithoutAccessor(member))),
            $"{library} uses members of a supplier that polyfills/api does not list");
    }

    private static HashSet<string> Listing(SupplierApi supplier) =>
        File.ReadLines(Repository.PathOf("polyfills", "api", supplier.ListingFile)).Where(line => !line.StartsWith('#')).ToHashSet(StringComparer.Ordinal);

    /// <summary>"virtual method Type::Name&lt;T&gt;(...) -> ..." becomes "Type::Name", "ctor Type(...)" becomes "Type::.ctor", "class Type where ..." becomes "Type".</summary>
    private static string WithoutSignature(string line)
    {
        string[] words = line.Split(' ');
        int kind = Array.FindIndex(words, word => word is "class" or "struct" or "interface" or "enum" or "delegate" or "ctor" or "method" or "property" or "field" or "event");
        if (kind < 0)
        {
            return line;
        }

        string rest = string.Join(' ', words.Skip(kind + 1));
        if (words[kind] == "ctor")
        {
            return rest[..rest.IndexOf('(')] + "::.ctor";
        }

        int member = rest.IndexOf("::", StringComparison.Ordinal);
        int end = member < 0 ? rest.IndexOf(" where ", StringComparison.Ordinal) : rest.IndexOfAny(['(', '[', '<', ' '], member);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>Every type and member of the suppliers' assemblies that a library's metadata refer to, in the form of <see cref="WithoutSignature"/>.</summary>
    private static IEnumerable<string> SupplierMembersUsedBy(string library)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, library + ".dll")));
        var metadata = file.GetMetadataReader();
        var used = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var handle in metadata.TypeReferences)
        {
            if (Resolve(metadata, handle) is { } type)
            {
                used.Add(ApiListing.NameOf(type));
            }
        }

        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            string name = metadata.GetString(member.Name);
            // Overrides of Object's methods stand in no listing.
            if (name is not ("ToString" or "GetHashCode" or "Equals") && Resolve(metadata, member.Parent) is { } type)
            {
                used.Add($"{ApiListing.NameOf(type)}::{name}");
            }
        }

        return used;
    }

    /// <summary>"Type::get_Name", which may be a property's accessor or a method of that name, becomes "Type::Name".</summary>
    private static string WithoutAccessor(string member) =>
        new[] { "::get_", "::set_", "::add_", "::remove_" }.Aggregate(member, (name, prefix) => name.Replace(prefix, "::", StringComparison.Ordinal));

    /// <summary>The supplier's type that a handle of the metadata means; null where it is nobody's or another's.</summary>
    private static Type? Resolve(MetadataReader metadata, EntityHandle handle)
    {
        if (handle.Kind == HandleKind.TypeSpecification)
        {
            return metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(new TypeProvider(), null);
        }

        if (handle.Kind != HandleKind.TypeReference)
        {
            return null;
        }

        var reference = metadata.GetTypeReference((TypeReferenceHandle)handle);
        string name = metadata.GetString(reference.Name);
        if (reference.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return Resolve(metadata, reference.ResolutionScope)?.GetNestedType(name, BindingFlags.Public | BindingFlags.NonPublic);
        }

        if (reference.ResolutionScope.Kind != HandleKind.AssemblyReference)
        {
            return null;
        }

        string assembly = metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)reference.ResolutionScope).Name);
        return SupplierApi.All.Any(supplier => supplier.Owns(assembly))
            ? Assembly.Load(new AssemblyName(assembly)).GetType($"{metadata.GetString(reference.Namespace)}.{name}", throwOnError: true)
            : null;
    }

    private static void AssertNone(IEnumerable<string> lines, string problem)
    {
        string[] found = [.. lines];
        if (found.Length > 0)
        {
            Assert.Fail($"{problem}:{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
        }
    }

    /// <summary>Reads a constructed type as its definition: the member of a generic type is listed under that.</summary>
    private sealed class TypeProvider : ISignatureTypeProvider<Type?, object?>
    {
        public Type? GetGenericInstantiation(Type? genericType, ImmutableArray<Type?> typeArguments) => genericType;

        public Type? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Resolve(reader, handle);

        public Type? GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => Resolve(reader, handle);

        // Arrays, pointers, parameters and the library's own types have no members in a listing.
        public Type? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => null;

        public Type? GetArrayType(Type? elementType, ArrayShape shape) => null;

        public Type? GetByReferenceType(Type? elementType) => null;

        public Type? GetFunctionPointerType(MethodSignature<Type?> signature) => null;

        public Type? GetGenericMethodParameter(object? genericContext, int index) => null;

        public Type? GetGenericTypeParameter(object? genericContext, int index) => null;

        public Type? GetModifiedType(Type? modifier, Type? unmodifiedType, bool isRequired) => unmodifiedType;

        public Type? GetPinnedType(Type? elementType) => null;

        public Type? GetPointerType(Type? elementType) => null;

        public Type? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

        public Type? GetSZArrayType(Type? elementType) => null;
    }
}

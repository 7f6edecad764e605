using System.Reflection;

namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// A polyfill offers exactly what src, samples, bench and test call: the listings under polyfills/api name nothing that they do not
/// use, and everything that they do, so that a call means the same overload with either supplier. Both tests read the references in
/// the built assemblies, and hold with either supplier. What use is:
/// <list type="bullet">
/// <item>A type is used where an assembly refers to it, where it is in the signature of a used member, or where a used type derives
/// from it or is nested in it; an interface also where a used one extends it.</item>
/// <item>A method, constructor or field is used where an assembly refers to it; of overloads, each for itself, of operators that
/// C# wants in pairs, both for either. A property is used where one of its accessors is, or an attribute sets it.</item>
/// <item>Whoever overrides or implements a member uses it: by name and number of parameters.</item>
/// <item>A member that overrides or implements a used one, or one of .NET's own, is used: by name and number of parameters.</item>
/// <item>A used enum, delegate or interface is used whole, and constants are used with their type: they leave no reference.</item>
/// </list>
/// </summary>
[TestClass]
public sealed class PolyfillUseTests
{
    private const BindingFlags Any =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [TestMethod]
    [DataRow("Microsoft.ML")]
    [DataRow("TorchSharp")]
    public void Every_listed_member_is_used(string name)
    {
        var supplier = SupplierApi.All.Single(supplier => supplier.Name == name);
        var listed = PolyfillGuardTests.Listing(supplier);
        var members = ApiListing.WithMembers(supplier.Assemblies()).Where(line => listed.Contains(line.Text)).DistinctBy(line => line.Member).ToList();
        var use = new Use(References.Of(ProjectAssemblies()), members.Select(line => line.Member));

        PolyfillGuardTests.AssertNone(
            members.Where(line => !use.Covers(line.Member)).Select(line => line.Text),
            $"no project of src, samples, bench or test uses these of the {members.Count} types and members that the {name} polyfill offers; remove them, then run eng/cut-api-listing.sh");
    }

    [TestMethod]
    [DataRow("Microsoft.ML")]
    [DataRow("Microsoft.ML.OnnxRuntime")]
    [DataRow("TorchSharp")]
    public void Every_used_member_is_listed(string name)
    {
        var supplier = SupplierApi.All.Single(supplier => supplier.Name == name);
        var listed = PolyfillGuardTests.Listing(supplier);
        var references = References.Of(ProjectAssemblies());

        PolyfillGuardTests.AssertNone(
            ApiListing.WithMembers(supplier.Assemblies()).DistinctBy(line => line.Member)
                .Where(line => !listed.Contains(line.Text) && references.Contain(line.Member))
                .Select(line => line.Text),
            $"polyfills/api/{supplier.ListingFile} does not list these members of {name} ({Repository.Supplier}), which src, samples, bench or test use");
    }

    /// <summary>What the projects' own builds left, in the configuration of this one.</summary>
    private static IEnumerable<string> ProjectAssemblies()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return from folder in new[] { "src", "samples", "bench", "test" }
               from project in Repository.FilesUnder(folder, "*.csproj")
               let assembly = Path.GetFileNameWithoutExtension(project)
               select Path.Combine(own.Parent!.Parent!.FullName, assembly, own.Name, assembly + ".dll");
    }

    /// <summary>Which of a supplier's members the references reach, by the rules above.</summary>
    private sealed class Use
    {
        /// <summary>Operators that C# lets a type have in pairs only.</summary>
        private static readonly Dictionary<string, string> s_pairs = new(StringComparer.Ordinal)
        {
            ["op_Equality"] = "op_Inequality",
            ["op_Inequality"] = "op_Equality",
            ["op_LessThan"] = "op_GreaterThan",
            ["op_GreaterThan"] = "op_LessThan",
            ["op_LessThanOrEqual"] = "op_GreaterThanOrEqual",
            ["op_GreaterThanOrEqual"] = "op_LessThanOrEqual",
        };

        private readonly References _references;
        private readonly ILookup<Type?, MemberInfo> _members;
        private readonly HashSet<Type> _types = [];

        public Use(References references, IEnumerable<MemberInfo> members)
        {
            _references = references;
            _members = members.ToLookup(member => member.DeclaringType);
            var all = _members.SelectMany(group => group).OfType<Type>().ToList();
            foreach (var type in all)
            {
                _references.CountInherited(type);
            }

            foreach (var type in all.Where(_references.Contain))
            {
                Add(type);
            }
        }

        public bool Covers(MemberInfo member) => member is Type type ? _types.Contains(type) : _types.Contains(member.DeclaringType!) && IsCalled(member);

        private void Add(Type? type)
        {
            if (type is null || type.IsGenericParameter)
            {
                return;
            }

            if (type.HasElementType)
            {
                Add(type.GetElementType());
                return;
            }

            var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
            Array.ForEach(definition == type ? [] : type.GetGenericArguments(), Add);
            if (!_types.Add(definition))
            {
                return;
            }

            Add(definition.BaseType);
            Add(definition.DeclaringType);
            Array.ForEach(definition.IsInterface ? definition.GetInterfaces() : [], Add);
            foreach (var parameter in definition.GetGenericArguments())
            {
                Array.ForEach(parameter.GetGenericParameterConstraints(), Add);
            }

            foreach (var member in _members[definition].Where(IsCalled))
            {
                AddSignature(member);
            }
        }

        private void AddSignature(MemberInfo member)
        {
            switch (member)
            {
                case FieldInfo field:
                    Add(field.FieldType);
                    break;
                case PropertyInfo property:
                    Add(property.PropertyType);
                    Array.ForEach(property.GetIndexParameters(), parameter => Add(parameter.ParameterType));
                    break;
                case EventInfo change:
                    Add(change.EventHandlerType);
                    break;
                case MethodBase method:
                    Add((method as MethodInfo)?.ReturnType);
                    Array.ForEach(method.GetParameters(), parameter => Add(parameter.ParameterType));
                    foreach (var parameter in method.IsGenericMethodDefinition ? method.GetGenericArguments() : [])
                    {
                        Array.ForEach(parameter.GetGenericParameterConstraints(), Add);
                    }

                    break;
            }
        }

        private bool IsCalled(MemberInfo member) => _references.Contain(member) || member switch
        {
            FieldInfo field => field.IsLiteral,
            PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsCalled),
            EventInfo change => IsCalled(change.AddMethod!) || IsCalled(change.RemoveMethod!),
            MethodBase { DeclaringType: { } type } method when type.IsInterface || type.BaseType == typeof(MulticastDelegate) => true,
            MethodInfo { IsSpecialName: true } method when s_pairs.TryGetValue(method.Name, out string? other) => _references.ContainTwin(method, other),
            MethodInfo { IsVirtual: true } method => Overridden(method).Any(IsForeignOrCalled),
            _ => false,
        };

        private bool IsForeignOrCalled(MethodInfo method) =>
            !References.IsSuppliers(method.DeclaringType!)
            || (method.Module.ResolveMethod(method.MetadataToken) is { } definition && _types.Contains(definition.DeclaringType!) && IsCalled(definition));

        /// <summary>The method that this one overrides, and those of interfaces that it implements.</summary>
        private static IEnumerable<MethodInfo> Overridden(MethodInfo method)
        {
            if (method.GetBaseDefinition() is { } first && first != method)
            {
                yield return first;
            }

            if (method.DeclaringType!.IsInterface)
            {
                yield break;
            }

            foreach (var other in method.DeclaringType.GetInterfaces().SelectMany(contract => contract.GetMethods(Any)))
            {
                if (other.Name == method.Name && other.GetParameters().Length == method.GetParameters().Length)
                {
                    yield return other;
                }
            }
        }
    }
}

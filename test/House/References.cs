using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace MLNetAutoencoder.Tests.House;

/// <summary>What assemblies refer to, by the keys of <see cref="MemberKey"/>; read from their metadata, without loading them.</summary>
internal sealed class References
{
    private readonly HashSet<string> _types = new(StringComparer.Ordinal), _members = new(StringComparer.Ordinal);

    /// <summary>The assemblies' own types, by name: what they derive from and implement, and what methods they have.</summary>
    private readonly Dictionary<string, (List<string> Ancestors, HashSet<(string Name, int Parameters)> Methods)> _own = [];

    /// <summary>Whether an assembly refers to the type or member itself; for a property, by an attribute.</summary>
    public bool Contain(MemberInfo member) => member switch
    {
        Type type => _types.Contains(MemberKey.Of(type)),
        FieldInfo field => _members.Contains(MemberKey.Of(field)),
        PropertyInfo property => _members.Contains(MemberKey.Of(property)),
        MethodBase method => _members.Contains(MemberKey.Of(method)),
        _ => false,
    };

    /// <summary>Whether an assembly refers to the method of another name and the same signature.</summary>
    public bool ContainTwin(MethodInfo method, string name) =>
        _members.Contains(MemberKey.Of(method).Replace($"::{method.Name}`", $"::{name}`", StringComparison.Ordinal));

    public static References Of(IEnumerable<string> assemblies)
    {
        var references = new References();
        foreach (string assembly in assemblies)
        {
            using var file = new PEReader(File.OpenRead(assembly));
            references.Read(file.GetMetadataReader());
        }

        return references;
    }

    public static bool IsSuppliers(Type type) => SupplierApi.All.Any(supplier => supplier.Owns(type.Assembly.GetName().Name!));

    /// <summary>Counts the members of a supplier's type that one of the assemblies' own types overrides or implements as used.</summary>
    public void CountInherited(Type type)
    {
        string name = MemberKey.Of(type);
        const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var inherited = type.GetInterfaces().Append(type);
        for (var ancestor = type.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
        {
            inherited = inherited.Append(ancestor);
        }

        var methods = _own.Where(own => DerivesFrom(own.Key, name)).SelectMany(own => own.Value.Methods).ToHashSet();
        foreach (var method in methods.Count == 0 ? [] : inherited.Where(IsSuppliers).SelectMany(ancestor => ancestor.GetMethods(declared)))
        {
            if (method.IsVirtual && methods.Contains((method.Name, method.GetParameters().Length)))
            {
                _members.Add(MemberKey.Of(method.Module.ResolveMethod(method.MetadataToken)!));
            }
        }
    }

    private bool DerivesFrom(string own, string ancestor) =>
        _own.TryGetValue(own, out var type) && type.Ancestors.Any(direct => direct == ancestor || DerivesFrom(direct, ancestor));

    private void Read(MetadataReader metadata)
    {
        var names = new MemberKey.Provider();
        foreach (var handle in metadata.TypeReferences)
        {
            _types.Add(names.GetTypeFromReference(metadata, handle, 0));
        }

        foreach (var member in metadata.MemberReferences.Select(metadata.GetMemberReference))
        {
            string type = NameOf(member.Parent), name = metadata.GetString(member.Name);
            _members.Add(member.GetKind() == MemberReferenceKind.Field ? MemberKey.Of(type, name) : MemberKey.Of(type, name, member.DecodeMethodSignature(names, null)));
        }

        foreach (var attribute in metadata.CustomAttributes.Select(metadata.GetCustomAttribute).Where(attribute => attribute.Constructor.Kind == HandleKind.MemberReference))
        {
            string type = NameOf(metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent);
            _members.UnionWith(attribute.DecodeValue(names).NamedArguments.Select(argument => MemberKey.Of(type, argument.Name!)));
        }

        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var ancestors = type.GetInterfaceImplementations().Select(implementation => metadata.GetInterfaceImplementation(implementation).Interface).Append(type.BaseType);
            _own[names.GetTypeFromDefinition(metadata, handle, 0)] = (
                [.. ancestors.Where(ancestor => !ancestor.IsNil).Select(NameOf)],
                [.. type.GetMethods().Select(metadata.GetMethodDefinition).Select(method =>
                    (metadata.GetString(method.Name), method.DecodeSignature(names, null).ParameterTypes.Length))]);
        }

        string NameOf(EntityHandle handle) => handle.Kind switch
        {
            HandleKind.TypeReference => names.GetTypeFromReference(metadata, (TypeReferenceHandle)handle, 0),
            HandleKind.TypeDefinition => names.GetTypeFromDefinition(metadata, (TypeDefinitionHandle)handle, 0),
            // The members of a constructed type are those of its definition.
            HandleKind.TypeSpecification => metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(names, null).Split('<')[0],
            _ => "",
        };
    }
}

using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;

namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// One text for a type or member, whether reflection or another assembly's metadata speak of it:
/// <c>Namespace.Outer+Inner`1::Method`1(!0,!!0&amp;)System.Void</c>.
/// </summary>
internal static class MemberKey
{
    public static string Of(Type type) => type.FullName!;

    public static string Of(FieldInfo field) => Of(Of(field.DeclaringType!), field.Name);

    public static string Of(PropertyInfo property) => Of(Of(property.DeclaringType!), property.Name);

    public static string Of(MethodBase method) => Of(
        Of(method.DeclaringType!),
        method.Name,
        method.IsGenericMethodDefinition ? method.GetGenericArguments().Length : 0,
        method.GetParameters().Select(parameter => InSignature(parameter.ParameterType)),
        InSignature((method as MethodInfo)?.ReturnType ?? typeof(void)));

    public static string Of(string type, string name) => $"{type}::{name}";

    public static string Of(string type, string name, MethodSignature<string> signature) =>
        Of(type, name, signature.GenericParameterCount, signature.ParameterTypes, signature.ReturnType);

    private static string Of(string type, string name, int arity, IEnumerable<string> parameters, string result) =>
        $"{type}::{name}`{arity}({string.Join(',', parameters)}){result}";

    /// <summary>Generic types always with their arguments: reflection has one object for a definition and for the definition with its own parameters.</summary>
    private static string InSignature(Type type)
    {
        if (type.IsGenericParameter)
        {
            return (type.DeclaringMethod is null ? "!" : "!!") + type.GenericParameterPosition;
        }

        if (type.HasElementType)
        {
            return InSignature(type.GetElementType()!) + (type.IsArray ? $"[{type.GetArrayRank()}]" : type.IsByRef ? "&" : "*");
        }

        return type.IsGenericType ? $"{type.GetGenericTypeDefinition().FullName}<{string.Join(',', type.GetGenericArguments().Select(InSignature))}>" : type.FullName!;
    }

    /// <summary>Gives types in metadata their keys.</summary>
    public sealed class Provider : ISignatureTypeProvider<string, object?>, ICustomAttributeTypeProvider<string>
    {
        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeReference(handle);
            string name = reader.GetString(type.Name), space = reader.GetString(type.Namespace);
            return type.ResolutionScope.Kind == HandleKind.TypeReference
                ? $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}+{name}"
                : space.Length == 0 ? name : $"{space}.{name}";
        }

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeDefinition(handle);
            string name = reader.GetString(type.Name), space = reader.GetString(type.Namespace);
            return type.GetDeclaringType() is { IsNil: false } outer
                ? $"{GetTypeFromDefinition(reader, outer, 0)}+{name}"
                : space.Length == 0 ? name : $"{space}.{name}";
        }

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(',', typeArguments)}>";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";

        public string GetSZArrayType(string elementType) => $"{elementType}[1]";

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "";

        public string GetSystemType() => "System.Type";

        public bool IsSystemType(string type) => type == "System.Type";

        public string GetTypeFromSerializedName(string name) => name.Split(',')[0];

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;
    }
}

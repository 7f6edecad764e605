using System.Globalization;
using System.Reflection;
using System.Text;

namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// The public surface of assemblies as text, one member a line, in a form that two builds of one API share. A line is
/// <c>KIND Namespace.Type[::member signature -> type]</c>; public and protected members count. Overrides of Object's own
/// methods do not: every type has them.
/// </summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static SortedSet<string> Of(IEnumerable<Assembly> assemblies) =>
        new(WithMembers(assemblies).Select(line => line.Text), StringComparer.Ordinal);

    /// <summary>The lines, each with the type or member that it is about.</summary>
    public static IEnumerable<(string Text, MemberInfo Member)> WithMembers(IEnumerable<Assembly> assemblies) =>
        assemblies.SelectMany(assembly => assembly.GetTypes()).Where(IsVisible).SelectMany(Describe);

    /// <summary>The name of a type as the lines write it: <c>Namespace.Outer.Inner&lt;Argument&gt;[]</c>.</summary>
    public static string NameOf(Type type)
    {
        if (type.HasElementType)
        {
            string suffix = type.IsArray ? "[" + new string(',', type.GetArrayRank() - 1) + "]" : type.IsPointer ? "*" : "";
            return NameOf(type.GetElementType()!) + suffix;
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        // Reflection gives a nested type the arguments of all its outer types; each part of the name takes its own.
        var text = new StringBuilder();
        var arguments = new Queue<Type>(type.GetGenericArguments());
        foreach (var part in OutermostFirst(type))
        {
            string[] nameAndArity = part.Name.Split('`');
            text.Append(text.Length > 0 ? "." : type.Namespace is { Length: > 0 } space ? space + "." : "").Append(nameAndArity[0]);
            if (nameAndArity.Length > 1)
            {
                int arity = int.Parse(nameAndArity[1], CultureInfo.InvariantCulture);
                text.Append('<').AppendJoin(", ", Enumerable.Range(0, arity).Select(_ => NameOf(arguments.Dequeue()))).Append('>');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<Type> OutermostFirst(Type type) =>
        type.DeclaringType is { } outer ? OutermostFirst(outer).Append(type) : [type];

    private static IEnumerable<(string Text, MemberInfo Member)> Describe(Type type)
    {
        string name = NameOf(type);
        yield return ($"{KindOf(type)} {name}{(type.IsGenericTypeDefinition ? ConstraintsOf(type.GetGenericArguments()) : "")}", type);
        if (type.BaseType is { } ancestor && !IsImplied(ancestor) && IsVisible(Definition(ancestor)))
        {
            yield return ($"base {name} : {NameOf(ancestor)}", type);
        }

        foreach (var contract in type.GetInterfaces().Where(contract => IsVisible(Definition(contract))))
        {
            yield return ($"implements {name} : {NameOf(contract)}", type);
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(constructor => IsVisible(constructor) && !constructor.IsStatic))
        {
            yield return ($"ctor {name}({ParametersOf(constructor)})", constructor);
        }

        foreach (var method in type.GetMethods(Declared).Where(IsOrdinaryOrOperator))
        {
            yield return (Line(name, method), method);
        }

        foreach (var property in type.GetProperties(Declared))
        {
            foreach (string line in LinesOf(name, property))
            {
                yield return (line, property);
            }
        }

        foreach (var field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName))
        {
            string value = type.IsEnum && field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "";
            yield return ($"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}field {name}::{field.Name}{value} -> {NameOf(field.FieldType)}", field);
        }

        foreach (var change in type.GetEvents(Declared).Where(change => change.AddMethod is { } add && IsVisible(add)))
        {
            yield return ($"event {name}::{change.Name} -> {NameOf(change.EventHandlerType!)}", change);
        }
    }

    private static string Line(string type, MethodInfo method)
    {
        bool generic = method.IsGenericMethodDefinition;
        string arguments = generic ? "<" + string.Join(",", method.GetGenericArguments().Select(argument => argument.Name)) + ">" : "";
        string constraints = generic ? ConstraintsOf(method.GetGenericArguments()) : "";
        string obsolete = Has(method.GetCustomAttributesData(), "ObsoleteAttribute") ? " obsolete" : "";
        return $"{ModifiersOf(method)}method {type}::{method.Name}{arguments}({ParametersOf(method)}) -> {NameOf(method.ReturnType)}{constraints}{obsolete}";
    }

    /// <summary>A property is one line and one more for each accessor, so that a set accessor more or less is one line's difference.</summary>
    private static IEnumerable<string> LinesOf(string type, PropertyInfo property)
    {
        var index = property.GetIndexParameters();
        string name = $"{type}::{property.Name}{(index.Length == 0 ? "" : "[" + string.Join(", ", index.Select(parameter => NameOf(parameter.ParameterType))) + "]")}";
        bool get = property.GetMethod is { } getter && IsVisible(getter), set = property.SetMethod is { } setter && IsVisible(setter);
        if (get || set)
        {
            yield return $"{ModifiersOf((property.GetMethod ?? property.SetMethod)!)}property {name} -> {NameOf(property.PropertyType)}";
        }

        if (get)
        {
            yield return $"accessor {name} get";
        }

        if (set)
        {
            yield return $"accessor {name} set";
        }
    }

    private static string KindOf(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : type.BaseType == typeof(MulticastDelegate) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static bool IsImplied(Type ancestor) =>
        ancestor == typeof(object) || ancestor == typeof(ValueType) || ancestor == typeof(Enum) || ancestor == typeof(MulticastDelegate);

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static bool IsVisible(Type type) =>
        type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!) : type.IsPublic;

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOrdinaryOrOperator(MethodInfo method) =>
        IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) && !IsObjects(method);

    private static bool IsObjects(MethodInfo method) => method.IsVirtual
        && (method.Name is "ToString" or "GetHashCode" or "Finalize"
            || (method.Name == "Equals" && method.GetParameters() is [var only] && only.ParameterType == typeof(object)));

    private static string ModifiersOf(MethodBase method) =>
        method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "";

    private static string ConstraintsOf(Type[] parameters) => string.Concat(parameters.Select(parameter =>
    {
        var flags = parameter.GenericParameterAttributes;
        bool isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        var parts = new List<string>();
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            parts.Add("class");
        }

        if (isStruct)
        {
            parts.Add("struct");
        }

        parts.AddRange(parameter.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)).Select(NameOf).Order(StringComparer.Ordinal));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct)
        {
            parts.Add("new()");
        }

        return parts.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", parts)}";
    }));

    private static string ParametersOf(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        string receiver = parameter.Position == 0 && Has(method.GetCustomAttributesData(), "ExtensionAttribute") ? "this " : "";
        string many = Has(parameter.GetCustomAttributesData(), "ParamArrayAttribute") ? "params " : "";
        string direction = parameter.IsOut ? "out " : !parameter.ParameterType.IsByRef ? "" : parameter.IsIn ? "in " : "ref ";
        string otherwise = parameter.HasDefaultValue ? " = " + ValueOf(parameter.RawDefaultValue) : "";
        return $"{receiver}{many}{direction}{NameOf(parameter.ParameterType)} {parameter.Name}{otherwise}";
    }));

    private static string? ValueOf(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private static bool Has(IEnumerable<CustomAttributeData> attributes, string name) => attributes.Any(attribute => attribute.AttributeType.Name == name);
}

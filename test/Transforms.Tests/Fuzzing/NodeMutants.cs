using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Changed graphs of one node, each made from a seed and its number alone, as far as the rules let them through.</summary>
internal sealed partial class NodeMutants(int seed)
{
    private const int Rows = 3;

    // What a node may take here, so that thousands are run in a minute; the limits themselves are tested elsewhere.
    private const long MostElements = 1 << 20, MostOperations = 1 << 26;

    private static readonly string[] s_stored = ["0", "1", "2", "3", "-1", "-2", "4", "5", "9", "-9", "1000", "65536", "2147483647",
        "-2147483648", "9223372036854775807", "-9223372036854775808"];

    /// <summary>Makes one. Null where the rules refuse it.</summary>
    public (byte[] File, string Text, string Expected)? Make(int number)
    {
        var random = new Random(unchecked((int)((uint)seed * 2_654_435_761 + (uint)number * 2_246_822_519)));
        var (operation, opset, inputs, attributes) = OneNode.All[random.Next(OneNode.All.Length)];
        for (int i = 1 + random.Next(3); i > 0; i--)
            Mutate(random, ref operation, ref opset, ref inputs, ref attributes);
        string text = $"{operation} {opset} {inputs} {attributes}";
        try
        {
            var (domain, node, values) = OneNode.Made(operation, inputs, attributes);
            var made = OperatorList.Find(domain, node.OpType)!.Apply(node, values, opset, "The node", out long operations);
            foreach (var value in made)
                GraphCheck.CheckMade(node, value, MostElements, "The node");
            if (operations > MostOperations || made.Sum(value => value.Elements) > MostElements)
                return null;
            string expected = string.Join("; ", made.Take(node.Output.Count)
                .Select(value =>
                $"{value.Type} [{string.Join(", ", value.Shape.Select(axis => axis.OfBatch ? axis.Length * Rows : axis.Length))}]"));
            return (OneNode.Model(domain, opset, node, values, made).ToByteArray(), text, expected);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or OverflowException)
        {
            // The rules refuse it, or what is written is no number of its type.
            return null;
        }
    }

    private static void Mutate(Random random, ref string operation, ref int opset, ref string inputs, ref string attributes)
    {
        string[] all = inputs.Split('|'), names = attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int place = random.Next(all.Length);
        switch (random.Next(10))
        {
            case 0:
                string domain = operation.Split('.')[0];
                string[] others = [.. OneNode.All.Select(node => node.Operation)
                    .Where(other => other.Split('.').Length == 2 == (domain == "ml")).Distinct()];
                operation = others[random.Next(others.Length)];
                break;
            case 1:
                if (!operation.StartsWith("ml.", StringComparison.Ordinal))
                    opset = random.Next((int)GraphLimits.LeastOpset, (int)GraphLimits.MostOpset + 1);
                break;
            case 2:
            case 3:
                // Another length of an axis; what is stored is written anew.
                string[] lengths = all[place].Split('=');
                int shape = all[place][0] == '=' ? 1 : 0;
                if (all[place] == "-")
                    break;
                lengths[shape] = Replace(lengths[shape], random, () => $"{random.Next(1, 9)}");
                all[place] = string.Join('=', lengths.Take(shape + 1));
                break;
            case 4:
                // Another number among those that are stored.
                int start = all[place].IndexOf('=', 1);
                if (start > 0)
                    all[place] = all[place][..start] + Replace(all[place][start..], random, () => s_stored[random.Next(s_stored.Length)]);
                break;
            case 5:
                if (all[place] != "-")
                {
                    int letter = all[place][0] == '=' ? 1 : 0;
                    all[place] = all[place][..letter] + "fusilbt"[random.Next(7)] + all[place][(letter + 1)..];
                }
                break;
            case 6:
                string[] more = OneNode.All[random.Next(OneNode.All.Length)].Inputs.Split('|');
                string given = random.Next(3) == 0 ? "-" : more[random.Next(more.Length)];
                all = random.Next(2) == 0 ? [.. all, given] : [.. all[..place], given, .. all[(place + 1)..]];
                break;
            case 7:
                names = names.Length > 0 && random.Next(2) == 0 ? [.. names.Where((_, i) => i != random.Next(names.Length))]
                    : [.. names, .. OneNode.All[random.Next(OneNode.All.Length)].Attributes.Split(
                        ' ', StringSplitOptions.RemoveEmptyEntries).Take(1)];
                names = [.. names.DistinctBy(name => name.Split('=')[0])];
                break;
            default:
                attributes = Replace(attributes, random, () =>
                    random.Next(4) == 0 ? s_stored[random.Next(s_stored.Length)]
                    : random.Next(-3, 9).ToString(CultureInfo.InvariantCulture));
                names = attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                break;
        }
        inputs = string.Join('|', all);
        attributes = string.Join(' ', names);
    }

    /// <summary>Puts another number in the place of one.</summary>
    private static string Replace(string text, Random random, Func<string> number)
    {
        var found = Numbers().Matches(text);
        if (found.Count == 0)
            return text;
        var match = found[random.Next(found.Count)];
        return text[..match.Index] + number() + text[(match.Index + match.Length)..];
    }

    [GeneratedRegex(@"(?<![A-Za-z_0-9.])-?\d+")]
    private static partial Regex Numbers();
}

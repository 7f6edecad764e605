using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Links in the documentation lead somewhere.</summary>
[TestClass]
public sealed partial class DocumentationTests
{
    /// <summary>The pages of the documentation.</summary>
    internal static IEnumerable<string> Pages => [.. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. new[] { "docs", "samples" }.SelectMany(folder => Repository.FilesUnder(folder, "*.md"))];

    [TestMethod]
    public void Every_link_leads_to_a_file_and_a_heading()
    {
        List<string> wrong = [];
        int links = 0;
        foreach (string file in Pages)
        {
            foreach (Match link in Link().Matches(Code().Replace(File.ReadAllText(file), "")))
            {
                string[] parts = link.Groups[1].Value.Split('#');
                if (parts[0].Contains(':'))
                    continue;
                links++;
                string target = parts[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0]));
                if (!Path.Exists(target) || (parts.Length > 1 && !Headings(target).Contains(parts[1])))
                    wrong.Add($"{Path.GetRelativePath(Repository.Root, file)}: {link.Groups[1].Value}");
            }
        }
        Assert.IsGreaterThan(100, links);
        Assert.AreEqual("", string.Join('\n', wrong));
    }

    /// <summary>The headings of a file as the parts of addresses that they are on the usual sites.</summary>
    private static HashSet<string> Headings(string file) =>
        [.. Heading().Matches(Code().Replace(File.ReadAllText(file), "")).Select(heading =>
            NoLetter().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoLetter();
}

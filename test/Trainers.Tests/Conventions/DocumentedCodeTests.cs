using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Every block of C# in the documentation compiles. A block goes on from those before it on its page, and has the names that
/// stand in <see cref="Names"/>; it may declare any name again.
/// </summary>
[TestClass]
public sealed partial class DocumentedCodeTests
{
    /// <summary>The implicit usings of an application or a web application, and those that docs/guide.md names.</summary>
    private static readonly string[] s_usings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks",
        "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting",
        "Microsoft.ML", "Microsoft.ML.Data", "MLNetAutoencoder", "MLNetAutoencoder.Onnx",
    ];

    /// <summary>What the text around the blocks introduces.</summary>
    private const string Names = """
        static readonly MLContext ml = null!;
        static readonly string[] names = null!;
        static readonly IDataView train = null!, test = null!, labeled = null!, data = null!, codes = null!;
        static readonly float[] means = null!, deviations = null!;
        static readonly float[][] rows = null!;
        static readonly AutoencoderTransformer model = null!;
        static readonly StackedClassifierTransformer classifier = null!;
        static readonly CancellationToken token;
        static readonly IHostApplicationBuilder builder = null!;
        """;

    private static readonly Lazy<CSharpCompilation> s_empty = new(() => CSharpCompilation.Create("Documentation",
        references: ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
        options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)));

    public static IEnumerable<object[]> Pages => DocumentationTests.Pages
        .Where(page => Blocks(File.ReadAllText(page)).Any(block => block.Language == "csharp"))
        .Select(page => new object[] { Path.GetRelativePath(Repository.Root, page) });

    [TestMethod]
    [DynamicData(nameof(Pages))]
    public void The_code_of_a_page_compiles(string page) =>
        Assert.AreEqual("", Errors(page, File.ReadAllText(Repository.PathOf(page))));

    /// <summary>Otherwise a block of C# would be missed.</summary>
    [TestMethod]
    public void Every_block_names_its_language()
    {
        string[] known = ["bash", "csharp", "javascript", "json", "python", "sh", "text"];
        var blocks = DocumentationTests.Pages.SelectMany(page => Blocks(File.ReadAllText(page)),
            (page, block) => $"{Path.GetRelativePath(Repository.Root, page)}:{block.Line} '{block.Language}'").ToArray();
        Assert.IsGreaterThan(40, blocks.Length);
        Assert.AreEqual("", string.Join('\n', blocks.Where(block => !known.Contains(block.Split('\'')[1]))));
    }

    [TestMethod]
    [DataRow("var estimator = ml.Autoencoders().Dens(\"Features\");", "made.md:8: error CS1061")]
    [DataRow("var estimator = ml.Autoencoders().Dense(hiden: [3]);", "made.md:8: error CS1739")]
    [DataRow("Console.WriteLine(first.Metadata.Treshold);", "made.md:8: error CS1061")]
    [DataRow("second.Transform(test);", "made.md:8: error CS0103")]
    [DataRow("var seed = 1", "made.md:8: error CS1002")]
    [DataRow("sealed class Own : IAutoencoderScorer;", "made.md:8: error CS0246")]
    public void A_fault_is_found_at_its_line(string line, string found)
    {
        const string before = "# Page\n\n```csharp\nvar first = ml.Autoencoders().Dense(\"Features\").Fit(train);\n```\n\n```csharp\n";
        Assert.AreEqual("", Errors("made.md", before + "Console.WriteLine(first.Metadata.Threshold);\n```\n"));
        string page = before + line + "\n```\n";
        Assert.StartsWith(found, Errors("made.md", page));
        Assert.StartsWith(found, Errors("made.md", page.ReplaceLineEndings("\r\n")));
    }

    /// <summary>The compiler's errors, a line for each.</summary>
    private static string Errors(string page, string text)
    {
        StringBuilder usings = new(), types = new(), statements = new();
        foreach (string name in s_usings)
            usings.AppendLine(CultureInfo.InvariantCulture, $"using {name};");
        int blocks = 0;
        foreach (var (line, language, code) in Blocks(text))
        {
            if (language != "csharp")
                continue;
            var source = SourceText.From(code);
            var unit = SyntaxFactory.ParseCompilationUnit(code);

            // A function in that of the block before: it sees the other's names, and may declare them again.
            statements.AppendLine(CultureInfo.InvariantCulture, $"static async Task Block{++blocks}() {{");
            foreach (var part in unit.ChildNodes())
            {
                int at = line + 1 + source.Lines.GetLineFromPosition(part.FullSpan.Start).LineNumber;
                (part is UsingDirectiveSyntax ? usings : part is GlobalStatementSyntax ? statements : types)
                    .AppendLine(CultureInfo.InvariantCulture, $"#line {at} \"{page}\"").AppendLine(part.ToFullString());
            }
        }
        statements.Replace("static async", "async").Append('}', blocks);
        var tree = CSharpSyntaxTree.ParseText($$"""
            {{usings}}
            static class Page {
            {{Names}}
            {{types}}
            static {{statements}}
            }
            """);
        return string.Join('\n', s_empty.Value.AddSyntaxTrees(tree).GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic => (Place: diagnostic.Location.GetMappedLineSpan(), Diagnostic: diagnostic))
            .Select(one => $"{one.Place.Path}:{one.Place.StartLinePosition.Line + 1}: error {one.Diagnostic.Id}: " +
                one.Diagnostic.GetMessage(CultureInfo.InvariantCulture)));
    }

    /// <summary>The blocks between fences, with the numbers of the lines of their fences.</summary>
    private static IEnumerable<(int Line, string Language, string Code)> Blocks(string page)
    {
        string text = page.ReplaceLineEndings("\n");
        return Fenced().Matches(text).Select(match =>
            (text.AsSpan(0, match.Index).Count('\n') + 1, match.Groups[1].Value, match.Groups[2].Value));
    }

    [GeneratedRegex("^[ >]*(?:```|~~~) *([^\n]*)\n(.*?)^[ >]*(?:```|~~~) *$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();
}

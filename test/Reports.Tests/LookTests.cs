using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// Reports as Chromium shows them, on a desk and on a phone, light and dark: nothing overflows or overlaps, all text can be read, and
/// nothing is fetched or run. The pictures lie in artifacts/report-pictures.
/// </summary>
[TestClass]
public class LookTests
{
    private static readonly (string Name, int Width)[] s_widths = [("desktop", 1200), ("phone", 360)];

    // A4 less its margins, at 96 points to the inch.
    private const int PaperWidth = 718;

    public static IEnumerable<object[]> Kinds => ReportFixtures.Kinds.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public async Task Looks_right_on_desk_and_phone_light_and_dark(string kind)
    {
        string folder = Repository.PathOf("artifacts", "report-pictures");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{kind}.html");
        var report = ReportFixtures.Of(kind);
        report.Model.WriteReport(path, report.Rows, report.Options);
        string check = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "layout.js"));

        var (page, complaints) = await Browser.OpenAsync(path);
        await using var _ = page;
        List<string> faults = [];
        HashSet<string> backgrounds = [];
        foreach (var (name, width) in s_widths)
        {
            foreach (bool isDark in new[] { false, true })
            {
                await Browser.SetAsync(page, width, isDark);
                string look = $"{name} {(isDark ? "dark" : "light")}";
                backgrounds.Add(await page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"));
                faults.AddRange((await page.EvaluateFunctionAsync<string[]>(check)).Select(fault => $"{look}: {fault}"));
                if (kind == "detector" || isDark == (width < 600))
                    await page.ScreenshotAsync(Path.Combine(folder, $"{kind}, {look}.png"), new ScreenshotOptions { FullPage = true });
            }
        }
        await page.EmulateMediaTypeAsync(MediaType.Print);
        await Browser.SetAsync(page, PaperWidth, isDark: true);
        faults.AddRange((await page.EvaluateFunctionAsync<string[]>(check)).Select(fault => $"paper: {fault}"));
        Assert.HasCount(2, backgrounds, "light and dark");
        Assert.IsEmpty(faults.Concat(complaints).ToArray(), string.Join(Environment.NewLine, faults.Concat(complaints)));
    }

    [TestMethod]
    [DataRow("main { width: 1400px }", "the page is")]
    [DataRow(".note { color: #b4bac4 }", "contrast")]
    [DataRow("svg text { fill: #999999 }", "contrast")]
    [DataRow(".legend { margin-top: -40px }", "a box over")]
    [DataRow("section + section { margin-top: -20px }", "a box over <section>")]
    [DataRow("h2 { width: 40px; white-space: nowrap }", "text beyond its box")]
    [DataRow("svg text { font-size: 40px }", "a label")]
    [DataRow("figure svg { height: 40px }", "a drawing of")]
    [DataRow("#drift > :not(h2) { display: none }", "an empty section")]
    public async Task The_check_sees_what_is_broken(string style, string fault)
    {
        using var folder = new TestFolder();
        var report = ReportFixtures.Of("variational table");
        report.Model.WriteReport(folder["report.html"], report.Rows, report.Options);
        string check = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "layout.js"));
        var (page, _) = await Browser.OpenAsync(folder["report.html"]);
        await using var opened = page;
        await Browser.SetAsync(page, 1200, isDark: false);
        Assert.IsEmpty(await page.EvaluateFunctionAsync<string[]>(check));
        await page.AddStyleTagAsync(new AddTagOptions { Content = style });
        StringAssert.Contains(string.Join(Environment.NewLine, await page.EvaluateFunctionAsync<string[]>(check)), fault);
    }

    [ClassCleanup]
    public static Task Close() => Browser.CloseAsync();
}

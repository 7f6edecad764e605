using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace MLNetAutoencoder.Tests;

/// <summary>Debian's Chromium without a window, started once.</summary>
internal static class Browser
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private static IBrowser? s_browser;

    /// <summary>A page that has opened a file, and what it complained of or asked for.</summary>
    public static async Task<(IPage Page, List<string> Complaints)> OpenAsync(string path)
    {
        s_browser ??= await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = Find(),
            Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars"],
        });
        var page = await s_browser.NewPageAsync();
        List<string> complaints = [];
        page.Console += (_, e) => complaints.Add($"console: {e.Message.Text}");
        page.PageError += (_, e) => complaints.Add($"error: {e.Message}");
        page.Request += (_, e) =>
        {
            if (!e.Request.Url.StartsWith("data:", StringComparison.Ordinal) && e.Request.Url != new Uri(path).AbsoluteUri)
                complaints.Add($"request: {e.Request.Url}");
        };
        await page.GoToAsync(new Uri(path).AbsoluteUri);
        return (page, complaints);
    }

    /// <summary>Sets the width of the window and what the reader prefers, light or dark.</summary>
    public static async Task SetAsync(IPage page, int width, bool isDark)
    {
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 800, IsMobile = width < 600 });
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue
            { MediaFeature = MediaFeature.PrefersColorScheme, Value = isDark ? "dark" : "light" }]);
    }

    public static async Task CloseAsync()
    {
        if (s_browser is not null)
            await s_browser.DisposeAsync();
        s_browser = null;
    }

    private static string Find()
    {
        string? found = s_names.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (found is null)
            Assert.Inconclusive("There is no Chromium on the PATH; install the Debian package chromium, as .ci/run does.");
        return found!;
    }
}

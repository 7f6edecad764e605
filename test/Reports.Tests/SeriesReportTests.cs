using System.Globalization;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>Reports on time series.</summary>
[TestClass]
public class SeriesReportTests
{
    [TestMethod]
    public void Series_are_shown_with_their_alarms()
    {
        var series = ReportFixtures.Of("time series");
        var page = Page.Parse(series.Write());
        CollectionAssert.AreEqual(new[] { "series", "scores", "features", "drift", "labels", "training", "environment" },
            page.Descendants("section").Select(section => (string)section.Attribute("id")!).ToArray());
        int flagged = series.Model.Transform(series.Rows).GetColumn<bool>("PredictedLabel").Count(flag => flag);
        StringAssert.Contains(Page.TextOf(page, "verdict"), $"{flagged} of 1,500 rows");
        StringAssert.Contains(Page.TextOf(page, "verdict"), "10 of 10 anomalies found");
        StringAssert.Contains(Page.TextOf(page, "verdict"), "Look at the alarm from 2026-01-08");

        // The four series with the highest scores, the one with the anomaly first; each with two channels and scores.
        string text = Page.TextOf(page, "series");
        StringAssert.Contains(text, "4 of 5 series, those with the highest scores.");
        var shown = page.Descendants("section").First();
        Assert.AreEqual(Text.Clean(Text.Shorten(ReportFixtures.HostileNames[3])), shown.Descendants("h3").First().Value);
        Assert.AreEqual(4 * 3, shown.Descendants().Count(element => element.Name.LocalName == "svg"));
        StringAssert.Contains(text, "300 rows from 2026-01-01 00:00 to 2026-01-13 11:00");

        string[][] alarms = Page.Table(page, "series");
        CollectionAssert.AreEqual(
            new[] { "series", "from", "to", "rows", "highest score", "label", "channel", "value", "expected" }, alarms[0]);
        string[] first = alarms[1];
        Assert.AreEqual("anomaly", first[5]);
        // A covering score rises as soon as a window reaches into the anomaly, which begins on January 9 at 8:00.
        StringAssert.StartsWith(first[1], "2026-01-08");
        Assert.AreEqual(flagged, alarms[1..].Sum(alarm => int.Parse(alarm[3], CultureInfo.InvariantCulture)));
    }

    /// <summary>However long a series is, it becomes a few hundred places, and each peak is in one of them.</summary>
    [TestMethod]
    public void Long_series_are_thinned_so_that_peaks_stay()
    {
        var trace = new SeriesTrace("", channels: 2, seed: 1);
        const int count = 100_000;
        for (int i = 0; i < count; i++)
        {
            bool isPeak = i % 9_973 == 77;
            trace.Add(i + 1, new ReadRow
            {
                Features = [i % 10, i is >= 45_000 and < 55_000 ? float.NaN : isPeak ? 100 + i : 0],
                Expected = [i % 10 + 1, 0],
                Errors = [0, isPeak ? i : 0],
                Code = [],
                Score = isPeak ? 5 + i : 1,
                IsFlagged = isPeak,
                IsAnomaly = i == 60_000,
            });
        }
        Assert.IsInRange(400, 800, trace.Bins.Count);
        Assert.AreEqual(count, trace.Bins.Sum(bin => bin.Rows));
        Assert.AreEqual((count, count), ((int)trace.Count, (int)trace.Last));
        int[] peaks = [.. Enumerable.Range(0, count).Where(i => i % 9_973 == 77)];
        var flagged = trace.Bins.Where(bin => bin.IsFlagged).ToArray();
        Assert.HasCount(peaks.Length, flagged);
        for (int i = 0; i < peaks.Length; i++)
        {
            bool isMissing = peaks[i] is >= 45_000 and < 55_000;
            Assert.AreEqual(new Extent(1, 5 + peaks[i]), flagged[i].Score);
            Assert.AreEqual(isMissing ? Extent.Empty : new Extent(0, 100 + peaks[i]), flagged[i].Values[1]);
            Assert.AreEqual(new Extent(0, 9), flagged[i].Values[0]);
        }
        Assert.AreEqual(5f + peaks[^1], trace.HighestScore);
        Assert.IsInRange(59_000, 60_001, trace.Bins.Single(bin => bin.IsAnomaly).First);
        Assert.AreEqual(1, trace.MedianResidual(0));
    }
}

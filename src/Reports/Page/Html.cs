using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace MLNetAutoencoder;

/// <summary>
/// HTML as a tree of elements, so that text is encoded wherever it stands: nothing is ever put together from pieces of
/// markup.
/// </summary>
internal static class Html
{
    private static readonly HashSet<string> s_void = ["meta", "br", "img", "hr", "wbr"];

    public static XElement Element(string name, params object?[] content) => new(name, content);

    public static XAttribute Class(string name) => new("class", name);

    /// <summary>
    /// A name that somebody else chose: its direction does not spread to the text around it, and it may be broken where a new
    /// word seems to begin.
    /// </summary>
    public static XElement Name(string name) => Broken(Text.Shorten(name));

    /// <summary>A short form of a name, for the head of a column.</summary>
    public static XElement Head(string name)
    {
        const int longest = 24;
        return Broken(Text.Shorten(name, longest));
    }

    /// <summary>Names with commas between them.</summary>
    public static IEnumerable<object> Names(IEnumerable<string> names) =>
        names.SelectMany((name, i) => i == 0 ? new object[] { Name(name) } : [", ", Name(name)]);

    public static XElement Paragraph(params object?[] content) => Element("p", content);

    /// <summary>A table that is moved sideways where it is wider than the page.</summary>
    /// <param name="label">What the table shows, for those who cannot see it.</param>
    /// <param name="head">The heads of the columns; those after the first of numbers.</param>
    /// <param name="rows">The rows: the first cell names the row.</param>
    /// <param name="kind">The class of the table.</param>
    public static XElement Table(string label, IEnumerable<object> head, IEnumerable<IEnumerable<object?>> rows, string kind = "") =>
        Element("div", Class("scroll"), new XAttribute("tabindex", 0), new XAttribute("role", "region"),
            new XAttribute("aria-label", label),
            Element("table", kind.Length > 0 ? Class(kind) : null,
                Element("thead", Element("tr", head.Select(cell => Element("th", new XAttribute("scope", "col"), cell)))),
                Element("tbody", rows.Select(row => Element("tr", row.Select((cell, i) =>
                    i == 0 ? Element("th", new XAttribute("scope", "row"), cell)
                    : cell is XElement { Name.LocalName: "td" } whole ? whole : Element("td", cell)))))));

    /// <summary>A chart with the meaning of its colors and a sentence below.</summary>
    public static XElement Figure(XElement chart, string caption, params (string Swatch, string Meaning)[] legend) =>
        Figure("", chart, caption, legend);

    /// <summary>The same, of a class.</summary>
    public static XElement Figure(string kind, XElement chart, string caption, params (string Swatch, string Meaning)[] legend) =>
        Element("figure", kind.Length > 0 ? Class(kind) : null, chart,
            legend.Length == 0 ? null : Element("ul", Class("legend"),
                legend.Select(entry => Element("li", Element("span", Class($"swatch {entry.Swatch}")), entry.Meaning))),
            Element("figcaption", caption));

    /// <summary>The bytes of a page.</summary>
    public static byte[] ToBytes(XElement page)
    {
        foreach (var element in page.DescendantsAndSelf().Where(element => element.IsEmpty && element.Name.Namespace == XNamespace.None
            && !s_void.Contains(element.Name.LocalName)))
            element.Value = "";
        foreach (var text in page.DescendantNodes().OfType<XText>())
            text.Value = Text.Clean(text.Value);
        foreach (var attribute in page.DescendantsAndSelf().Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
            attribute.Value = Text.Clean(attribute.Value);
        using var stream = new MemoryStream();
        stream.Write("<!DOCTYPE html>\n"u8);
        var settings = new XmlWriterSettings { OmitXmlDeclaration = true, Encoding = new UTF8Encoding(false),
            NewLineHandling = NewLineHandling.None };
        using (var writer = XmlWriter.Create(stream, settings))
            page.Save(writer);
        return stream.ToArray();
    }

    private static XElement Broken(string text)
    {
        var name = Element("bdi");
        int start = 0;
        for (int i = 1; i < text.Length; i++)
        {
            if (!(char.IsLower(text[i - 1]) && char.IsUpper(text[i])) && text[i - 1] is not ('_' or '.' or '-' or '/'))
                continue;
            name.Add(text[start..i], Element("wbr"));
            start = i;
        }
        name.Add(text[start..]);
        return name;
    }
}

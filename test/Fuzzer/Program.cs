// Reads files from standard input, each as a byte (0 for a graph, 1 for a model of ML.NET), a length and that many bytes,
// and answers each with a line: what became of it (Outcome), a tab, and why. A crash answers nothing.
using System.Text;
using MLNetAutoencoder.Fuzzer;

using var input = new BinaryReader(Console.OpenStandardInput(), Encoding.UTF8);
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
while (true)
{
    int kind;
    try
    {
        kind = input.ReadByte();
    }
    catch (EndOfStreamException)
    {
        return;
    }
    byte[] file = input.ReadBytes(input.ReadInt32());
    Verdict verdict;
    try
    {
        verdict = kind == 0 ? GraphReader.Read(file) : ModelReader.Read(file);
    }
    catch (Exception e)
    {
        verdict = new Verdict(Outcome.Failed, e.ToString());
    }
    output.WriteLine($"{verdict.Outcome}\t{verdict.Reason.ReplaceLineEndings(" | ")}");
}

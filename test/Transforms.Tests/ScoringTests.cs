using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Scored views as ML.NET's own operations see them.</summary>
[TestClass]
public sealed class ScoringTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly AutoencoderTransformer s_model = Rows.Fit(s_ml);

    // More rows than the largest batch, and no multiple of it.
    private const int RowCount = 1000;

    [TestMethod]
    public void Columns_have_the_promised_types_and_stand_in_the_order_of_stock_trainers()
    {
        var schema = s_model.GetOutputSchema(Rows.View(s_ml, 1).Schema);
        Assert.AreEqual(
            "Features:Vector<Single, 5> Label:Single Name:String Extra:Vector<Single, 2> PredictedLabel:Boolean Score:Single " +
                "Code:Vector<Single, 2> Reconstruction:Vector<Single, 5> FeatureErrors:Vector<Single, 5>",
            string.Join(' ', schema.Select(column => $"{column.Name}:{column.Type}")));
    }

    [TestMethod]
    public void Score_columns_are_annotated_as_stock_anomaly_trainers_annotate_theirs()
    {
        var schema = s_model.Transform(s_model.Transform(Rows.View(s_ml, 1))).Schema;
        foreach (var (name, kind) in new[] { ("Score", "Score"), ("PredictedLabel", "PredictedLabel") })
        {
            ReadOnlyMemory<char> text = default;
            schema[name].Annotations.GetValue("ScoreColumnKind", ref text);
            Assert.AreEqual("BinaryClassification", text.ToString());
            schema[name].Annotations.GetValue("ScoreValueKind", ref text);
            Assert.AreEqual(kind, text.ToString());
            uint set = 0;
            schema[name].Annotations.GetValue("ScoreColumnSetId", ref set);
            Assert.AreEqual(2u, set, "the second autoencoder of a chain has a set of its own");
        }
    }

    [TestMethod]
    public void Slot_names_pass_from_features_to_reconstruction_and_feature_errors()
    {
        // Concatenate names a slot after its scalar column, or after its vector column and that one's slot; a slot
        // without a name stays without.
        var chain = s_ml.Transforms.Concatenate("Pair", "Label", "Label")
            .Append(s_ml.Transforms.Concatenate("Features", "Label", "Pair", "Extra"))
            .Append(s_ml.Autoencoders().Dense(Rows.Options()));
        var view = Rows.View(s_ml, 50);
        var model = chain.Fit(view);
        var schema = model.Transform(view).Schema;
        Assert.AreEqual("Label,Pair.Label,Pair.Label,Features[3],Features[4]",
            string.Join(',', model.LastTransformer.Metadata.FeatureNames));
        foreach (string name in new[] { "Reconstruction", "FeatureErrors" })
        {
            VBuffer<ReadOnlyMemory<char>> slots = default;
            schema[name].GetSlotNames(ref slots);
            Assert.AreEqual("Label,Pair.Label,Pair.Label,,", string.Join(',', slots.DenseValues()), name);
        }
        Assert.IsFalse(schema["Code"].HasSlotNames());
    }

    [TestMethod]
    public void Batched_rows_equal_rows_one_by_one_and_upstream_columns_pass_through()
    {
        var view = Rows.View(s_ml, RowCount);
        var batched = Rows.Read(s_ml, s_model.Transform(view));
        using var engine = s_ml.Model.CreatePredictionEngine<Row, ScoredRow>(
            s_model, new PredictionEngineOptions { OwnsTransformer = false });
        var rows = Rows.Make(RowCount);
        Assert.AreEqual(RowCount, batched.Length);
        for (int i = 0; i < RowCount; i++)
        {
            Assert.AreEqual($"row {i}", batched[i].Name);
            CollectionAssert.AreEqual(rows[i].Features, batched[i].Features);
            CollectionAssert.AreEqual(rows[i].Extra, batched[i].Extra);
            var single = engine.Predict(rows[i]);
            // Kernels for one row and for many sum in different orders: a few units in the last place.
            Assert.AreEqual(single.Score, batched[i].Score, 1e-5 * Math.Max(1, single.Score));
            Assert.IsLessThan(1e-5, Rows.Difference(single.Reconstruction, batched[i].Reconstruction));
            Assert.IsLessThan(1e-5, Rows.Difference(single.Code, batched[i].Code));
            Assert.IsLessThan(1e-4, Rows.Difference(single.FeatureErrors, batched[i].FeatureErrors));
        }
    }

    [TestMethod]
    public void Operations_over_a_scored_view_see_the_right_rows()
    {
        var scored = s_model.Transform(Rows.View(s_ml, RowCount));
        var byName = Rows.Read(s_ml, scored).ToDictionary(row => row.Name, row => row.Score);
        void Same(IDataView view, int? count = null)
        {
            var rows = Rows.Read(s_ml, view);
            foreach (var row in rows)
                Assert.AreEqual(byName[row.Name], row.Score, 1e-5 * Math.Max(1, row.Score), row.Name);
            if (count is not null)
                Assert.AreEqual(count, rows.Length);
        }
        Same(s_ml.Data.ShuffleRows(scored, seed: 1), RowCount);
        Same(s_ml.Data.Cache(scored), RowCount);
        Same(s_ml.Data.TakeRows(scored, 300), 300);
        Same(s_ml.Data.SkipRows(scored, 700), 300);
        Same(s_ml.Data.FilterRowsByColumn(scored, "Score", upperBound: byName.Values.Order().ElementAt(500)), 500);
        foreach (var fold in s_ml.Data.CrossValidationSplit(scored, 4))
        {
            Same(fold.TrainSet);
            Same(fold.TestSet);
        }
        var split = s_ml.Data.TrainTestSplit(scored, 0.3);
        Same(split.TrainSet);
        Same(split.TestSet);
        Assert.AreEqual(RowCount, Rows.Read(s_ml, split.TrainSet).Length + Rows.Read(s_ml, split.TestSet).Length);
    }

    [TestMethod]
    public void Several_cursors_give_every_row_once()
    {
        var scored = s_model.Transform(Rows.View(s_ml, RowCount));
        var expected = Rows.Read(s_ml, scored).ToDictionary(row => row.Name, row => row.Score);
        var seen = new Dictionary<string, float>();
        foreach (var cursor in scored.GetRowCursorSet([scored.Schema["Name"], scored.Schema["Score"]], 3))
        {
            using (cursor)
            {
                var name = cursor.GetGetter<ReadOnlyMemory<char>>(scored.Schema["Name"]);
                var score = cursor.GetGetter<float>(scored.Schema["Score"]);
                while (cursor.MoveNext())
                {
                    ReadOnlyMemory<char> text = default;
                    float value = 0;
                    name(ref text);
                    score(ref value);
                    seen.Add(text.ToString(), value);
                }
            }
        }
        Assert.AreEqual(RowCount, seen.Count);
        Assert.IsLessThan(1e-5, Rows.Difference(expected.Keys.Select(name => expected[name]), expected.Keys.Select(name => seen[name])));
    }

    [TestMethod]
    public void Sparse_features_score_like_dense_ones()
    {
        float[] dense = [0, 2, 0, 0, -1];
        var sparse = new VBuffer<float>(5, 2, [2, -1], [1, 4]);
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 5));
        var view = new OneColumnView<VBuffer<float>>(builder.ToSchema(), [sparse, new VBuffer<float>(5, dense)]);
        var scores = s_model.Transform(view).GetColumn<float>("Score").ToArray();
        Assert.AreEqual(scores[1], scores[0], 1e-6 * Math.Max(1, scores[1]));
    }

    [TestMethod]
    public void Nothing_is_read_before_a_cursor_moves_and_only_what_is_needed_afterwards()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 5));
        var view = new OneColumnView<VBuffer<float>>(
            builder.ToSchema(), [.. Rows.Make(1000).Select(row => new VBuffer<float>(5, row.Features))]);
        var scored = s_model.Transform(view);
        using (var cursor = scored.GetRowCursor([scored.Schema["Score"]]))
        {
            Assert.AreEqual(0, view.RowsRead);
            cursor.MoveNext();
            Assert.AreEqual(1, view.RowsRead, "the first batch is one row");
        }
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed, "a cursor disposed midway disposes the one under it");

        using (scored.GetRowCursor([]))
            Assert.AreEqual(0, view.LastColumnsNeeded.Length);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_row_that_cannot_be_read_ends_the_cursor_in_its_own_place(bool upstream)
    {
        // Row 9 lies in the middle of the third batch: the rows before it are given out, with their own scores.
        var rows = Rows.Make(40);
        if (!upstream)
            rows[9].Features[0] = float.NaN;
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 5));
        var view = new OneColumnView<VBuffer<float>>(
            builder.ToSchema(), [.. rows.Select(row => new VBuffer<float>(5, row.Features))]) { FailAt = upstream ? 9 : -1 };
        using var model = Rows.Fit(s_ml, options => options.ScoringMissingValues = ScoringMissingValues.Refuse);
        var expected = Rows.Read(s_ml, model.Transform(Rows.View(s_ml, 9))).Select(row => row.Score).ToArray();

        var scored = model.Transform(view);
        using var cursor = scored.GetRowCursor(scored.Schema);
        var getter = cursor.GetGetter<float>(scored.Schema["Score"]);
        float score = 0;
        for (int i = 0; i < 9; i++)
        {
            Assert.IsTrue(cursor.MoveNext());
            getter(ref score);
            Assert.AreEqual(expected[i], score, 1e-5 * Math.Max(1, expected[i]));
        }
        var type = upstream ? typeof(IOException) : typeof(InvalidOperationException);
        for (int again = 0; again < 3; again++)
        {
            var error = Assert.Throws<Exception>(() => cursor.MoveNext());
            Assert.AreEqual(type, error.GetType());
            Assert.ThrowsExactly<InvalidOperationException>(() => getter(ref score), "there is no row any more");
        }
    }

    [TestMethod]
    public void Identity_and_batch_number_are_those_of_the_row_above()
    {
        var view = s_ml.Data.ShuffleRows(Rows.View(s_ml, 700), seed: 3);
        var scored = s_model.Transform(view);
        Assert.AreEqual(string.Join(' ', Identities(view, view.Schema["Name"])),
            string.Join(' ', Identities(scored, scored.Schema["Name"], scored.Schema["Score"])));

        static IEnumerable<string> Identities(IDataView rows, params DataViewSchema.Column[] columns)
        {
            using var cursor = rows.GetRowCursor(columns, new Random(5));
            var id = cursor.GetIdGetter();
            var name = cursor.GetGetter<ReadOnlyMemory<char>>(columns[0]);
            while (cursor.MoveNext())
            {
                DataViewRowId value = default;
                id(ref value);
                ReadOnlyMemory<char> text = default;
                name(ref text);
                yield return $"{text}:{value}:{cursor.Batch}:{cursor.Position}";
            }
        }
    }

    [TestMethod]
    public void A_value_that_owns_something_stays_the_readers()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Owner", new OwnerType());
        var owners = new OneColumnView<Owner>(builder.ToSchema(), [.. Enumerable.Range(0, 300).Select(i => new Owner(i))]);
        var view = new Beside(owners, Rows.View(s_ml, 300));
        var scored = s_model.Transform(view);
        using var cursor = scored.GetRowCursor(scored.Schema);
        var getter = cursor.GetGetter<Owner>(scored.Schema["Owner"]);
        var score = cursor.GetGetter<float>(scored.Schema["Score"]);
        var expected = Rows.Read(s_ml, s_model.Transform(Rows.View(s_ml, 300)));
        for (int i = 0; cursor.MoveNext(); i++)
        {
            Owner owner = null!;
            getter(ref owner);
            Assert.AreEqual(i, owner.Number);
            float value = 0;
            score(ref value);
            Assert.AreEqual(expected[i].Score, value, 1e-5 * Math.Max(1, value));
        }
    }

    [TestMethod]
    public void Wide_rows_take_smaller_batches()
    {
        // 32 rows of 262,144 features are 34 MB, and ONNX Runtime holds a few tensors of that size at once; 256 rows at
        // a time would be well over 2 GB.
        const int d = 262_144;
        using var narrow = Rows.Fit(s_ml, options => options.Epochs = 0);
        var metadata = narrow.Metadata.OfSizes(d, 1) with
        {
            Columns = new Dictionary<string, string> { ["features"] = "Features", ["score"] = "Score",
                ["reconstruction"] = "Reconstruction" },
        };
        byte[] graph = GraphBytes.Scorer(
            (g, x, _) => g.Node("ReduceMean", "encoder", [x], MLNetAutoencoder.Onnx.OnnxAttribute.Int64s("axes", 1)),
            (g, z, _) => g.Node("Mul", "decoder", [z, g.Initializer("decoder/weight", metadata.ScalingScales.ToArray(), d)]), metadata);
        using var model = s_ml.Autoencoders().FromModel(new MLNetAutoencoder.Onnx.AutoencoderModel(graph, "The graph"));
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, d));
        var scored = model.Transform(new OneColumnView<VBuffer<float>>(
            builder.ToSchema(), [.. Enumerable.Repeat(new VBuffer<float>(d, 1, [1f], [7]), 90)]));
        long before = Environment.WorkingSet;
        float[] scores = [.. scored.GetColumn<float>("Score")];
        Assert.AreEqual(90, scores.Length);
        Assert.IsLessThan(800L << 20, Environment.WorkingSet - before);
    }

    [TestMethod]
    public void Wrong_use_of_a_cursor_is_explained()
    {
        var scored = s_model.Transform(Rows.View(s_ml, 3));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        var getter = cursor.GetGetter<float>(scored.Schema["Score"]);
        float value = 0;
        Fails.With<InvalidOperationException>("call MoveNext first", () => getter(ref value));
        Fails.With<InvalidOperationException>("'Score' has values of type System.Single",
            () => cursor.GetGetter<double>(scored.Schema["Score"]));
        Fails.With<InvalidOperationException>("'Label' is not among those", () => cursor.GetGetter<float>(scored.Schema["Label"]));
    }

    [TestMethod]
    public void Many_threads_may_score_with_one_model()
    {
        var expected = Rows.Read(s_ml, s_model.Transform(Rows.View(s_ml, RowCount))).Select(row => row.Score).ToArray();
        Parallel.For(0, 8, _ => CollectionAssert.AreEqual(
            expected, Rows.Read(s_ml, s_model.Transform(Rows.View(s_ml, RowCount))).Select(row => row.Score).ToArray()));
    }

    [TestMethod]
    public void Encoder_decoder_reconstructor_and_scorer_work_alone_and_in_a_chain()
    {
        var view = Rows.View(s_ml, 300);
        var expected = Rows.Read(s_ml, s_model.Transform(view));
        var chained = Rows.Read(s_ml, s_model.Decoder.Transform(s_model.Encoder.Transform(view)));
        Assert.IsLessThan(1e-6, Rows.Difference(expected.SelectMany(row => row.Code), chained.SelectMany(row => row.Code)));
        Assert.IsLessThan(1e-6, Rows.Difference(expected.SelectMany(row => row.Reconstruction),
            chained.SelectMany(row => row.Reconstruction)));
        Assert.IsLessThan(1e-6, Rows.Difference(expected.SelectMany(row => row.Reconstruction),
            Rows.Read(s_ml, s_model.Reconstructor.Transform(view)).SelectMany(row => row.Reconstruction)));
        Assert.IsLessThan(1e-6, Rows.Difference(expected.Select(row => row.Score),
            Rows.Read(s_ml, s_model.Scorer.Transform(view)).Select(row => row.Score)));
        Assert.AreEqual("PredictedLabel,Score", string.Join(
            ',', s_model.Scorer.GetOutputSchema(view.Schema).Skip(view.Schema.Count).Select(column => column.Name)));
    }

    [TestMethod]
    public void Disposing_while_others_score_ends_them_with_an_exception_and_nothing_else()
    {
        for (int round = 0; round < 20; round++)
        {
            var model = Rows.Fit(s_ml, options => options.Epochs = 0);
            var engine = s_ml.Model.CreatePredictionEngine<Row, ScoredRow>(model, new PredictionEngineOptions { OwnsTransformer = false });
            engine.Predict(new Row());
            var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                try
                {
                    while (true)
                        Rows.Read(s_ml, model.Transform(Rows.View(s_ml, 500)));
                }
                catch (ObjectDisposedException)
                {
                }
                catch (InvalidOperationException e) when (e.InnerException is not null)
                {
                    // ML.NET reads some views on threads of its own, and wraps what comes from there.
                }
            })).ToArray();
            Thread.Sleep(5 + round);
            model.Dispose();
            Task.WaitAll(readers);
            Assert.Throws<ObjectDisposedException>(() => engine.Predict(new Row()));
            engine.Dispose();
        }
    }

    [TestMethod]
    public void A_missing_or_mistyped_column_is_named()
    {
        var view = s_ml.Transforms.CopyColumns("Other", "Features").Append(s_ml.Transforms.DropColumns("Features")).Fit(Rows.View(s_ml, 1))
            .Transform(Rows.View(s_ml, 1));
        Fails.With<ArgumentOutOfRangeException>("Could not find the input column 'Features'", () => s_model.Transform(view));
        var wide = s_ml.Transforms.Concatenate("Features", "Features", "Extra").Fit(Rows.View(s_ml, 1)).Transform(Rows.View(s_ml, 1));
        Fails.With<ArgumentOutOfRangeException>("'Features' is Vector<Single, 7>; expected a vector of Single of known size 5",
            () => s_model.Transform(wide));
    }

    [TestMethod]
    public void Stock_evaluation_takes_the_columns()
    {
        var metrics = s_ml.AnomalyDetection.Evaluate(s_model.Transform(Rows.View(s_ml, 200)));
        Assert.IsTrue(metrics.AreaUnderRocCurve is > 0 and < 1);
    }
}

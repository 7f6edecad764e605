using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML
{
    public static class CategoricalCatalog
    {
        public static OneHotEncodingEstimator OneHotEncoding(
            this TransformsCatalog.CategoricalTransforms catalog,
            string outputColumnName,
            string inputColumnName = null,
            OneHotEncodingEstimator.OutputKind outputKind = OneHotEncodingEstimator.OutputKind.Indicator,
            int maximumNumberOfKeys = 1000000,
            ValueToKeyMappingEstimator.KeyOrdinality keyOrdinality = ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence,
            IDataView keyData = null)
        {
            if (keyData is not null || outputKind == OneHotEncodingEstimator.OutputKind.Binary)
                throw new NotSupportedException("Keys from other data, and binary codes, are not part of this polyfill.");
            return new(catalog.Environment, outputColumnName, inputColumnName ?? outputColumnName, outputKind, maximumNumberOfKeys, keyOrdinality);
        }
    }
}

namespace Microsoft.ML.Transforms
{
    public sealed class OneHotEncodingEstimator : IEstimator<OneHotEncodingTransformer>
    {
        private readonly IEstimator<ITransformer> _chain;

        internal OneHotEncodingEstimator(
            IHostEnvironment env, string output, string input, OutputKind kind, int maximum, ValueToKeyMappingEstimator.KeyOrdinality order)
        {
            Refuse.Unless(kind is OutputKind.Bag or OutputKind.Indicator or OutputKind.Key, nameof(OutputKind));
            IHost host = env.Register(nameof(OneHotEncodingEstimator));
            var keys = new ValueToKeyMappingEstimator(host, output, input, maximum, order, namesAsText: true);
            EstimatorChain<ValueToKeyMappingTransformer> start = new EstimatorChain<ITransformer>().Append(keys);
            _chain = kind == OutputKind.Key ? start : start.Append(new KeyToVectorMappingEstimator(host, kind == OutputKind.Bag, (output, output)));
        }

        /// <summary>What becomes of a value: a vector with a one in its place (several values of a vector one after the other, or added up in a bag), or a key.</summary>
        public enum OutputKind : byte
        {
            Bag = 1,
            Indicator = 2,
            Key = 3,
            Binary = 4,
        }

        public OneHotEncodingTransformer Fit(IDataView input) => new(_chain.Fit(input));

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _chain.GetOutputSchema(inputSchema);
    }

    /// <summary>Values to keys, and these to vectors: a chain that is saved, and loaded again, as such.</summary>
    public sealed class OneHotEncodingTransformer : ITransformer
    {
        private readonly ITransformer _chain;

        internal OneHotEncodingTransformer(ITransformer chain) => _chain = chain;

        bool ITransformer.IsRowToRowMapper => _chain.IsRowToRowMapper;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _chain.GetOutputSchema(inputSchema);

        public IDataView Transform(IDataView input) => _chain.Transform(input);

        IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => _chain.GetRowToRowMapper(inputSchema);

        void ICanSaveModel.Save(ModelSaveContext ctx) => _chain.Save(ctx);
    }
}

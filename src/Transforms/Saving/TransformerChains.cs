using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>Goes through chains of transformers, which may stand in one another.</summary>
internal static class TransformerChains
{
    /// <summary>The parts of nested chains that are for something, one after the other; of what is no chain, itself.</summary>
    public static IEnumerable<ITransformer> PartsOf(ITransformer model, TransformerScope scope) =>
        model is IEnumerable<ITransformer> chain ? Members(model, chain, scope).SelectMany(part => PartsOf(part, scope)) : [model];

    /// <summary>The place of the one autoencoder among a model's parts.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="isAutoencoder">Whether a part is one.</param>
    /// <param name="whereSeveral">What to do where there are several.</param>
    /// <exception cref="ArgumentException">There is none, or more than one; the message lists the parts.</exception>
    public static int PlaceOf(ITransformer[] parts, Func<ITransformer, bool> isAutoencoder, string whereSeveral)
    {
        int[] places = [.. Enumerable.Range(0, parts.Length).Where(i => isAutoencoder(parts[i]))];
        if (places is [int only])
            return only;
        string found = string.Join(", ", parts.Select(part => part.GetType().Name));
        string others = string.Join(", ", parts.OfType<ScoringTransformer>().Select(part => part.GetType().Name));
        throw new ArgumentException(places.Length == 0 && others.Length > 0
            ? $"The model ({found}) holds no {nameof(AutoencoderTransformer)}, which scores each row by itself, but {others}. " +
                $"{nameof(AutoencoderCatalog.FindAll)} gives it."
            : places.Length == 0
            ? $"The model ({found}) holds no autoencoder of this library. Where ML.NET opened it from a file, give it to " +
                $"{nameof(AutoencoderCatalog.Upgrade)} first."
            : $"The model ({found}) holds {places.Length} autoencoders; expected one. {whereSeveral}");
    }

    /// <summary>Replaces chains, from the outside in; gives the transformer itself where nothing is replaced.</summary>
    /// <param name="transformer">The model.</param>
    /// <param name="replacement">What takes the place of a chain with these parts, or null where the chain stays. The
    /// parts of replaced chains are disposed, once all has gone well.</param>
    public static ITransformer Replace(ITransformer transformer, Func<ITransformer[], ITransformer?> replacement)
    {
        var replaced = new List<ITransformer>();
        var result = ReplaceIn(transformer);
        foreach (var part in replaced)
            (part as IDisposable)?.Dispose();
        return result;

        ITransformer ReplaceIn(ITransformer node)
        {
            if (node is not IEnumerable<ITransformer> chain)
                return node;
            ITransformer[] parts = [.. chain];
            if (replacement(parts) is { } other)
            {
                replaced.AddRange(parts);
                return other;
            }
            var inner = Array.ConvertAll(parts, ReplaceIn);
            return inner.SequenceEqual(parts) ? node : new TransformerChain<ITransformer>(inner, Scopes(node, parts));
        }
    }

    /// <summary>The parts of a chain that are for something, found by asking the chain: it tells its scopes in no other way.</summary>
    private static IEnumerable<ITransformer> Members(ITransformer chain, IEnumerable<ITransformer> parts, TransformerScope scope)
    {
        // TransformerChain<T> of any T: the method is public, but the type is not known here.
        var membersOf = chain.GetType().GetMethod(nameof(TransformerChain<ITransformer>.GetModelFor), [typeof(TransformerScope)]);
        return membersOf?.Invoke(chain, [scope]) as IEnumerable<ITransformer> ?? parts;
    }

    /// <summary>What each part of a chain is for.</summary>
    private static TransformerScope[] Scopes(ITransformer chain, ITransformer[] parts)
    {
        var scopes = new TransformerScope[parts.Length];
        foreach (var scope in new[] { TransformerScope.Training, TransformerScope.Testing, TransformerScope.Scoring })
        {
            var known = Members(chain, parts, scope).ToHashSet<ITransformer>(ReferenceEqualityComparer.Instance);
            for (int i = 0; i < parts.Length; i++)
            {
                if (known.Contains(parts[i]))
                    scopes[i] |= scope;
            }
        }
        return scopes;
    }
}

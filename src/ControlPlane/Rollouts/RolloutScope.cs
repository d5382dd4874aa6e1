namespace Trinity.ControlPlane.Rollouts;

/// <summary>A rollout with the other rollouts that retire one of its secrets: a secret is out of use when it is under every key id that ever held it.</summary>
/// <param name="Row">The rollout.</param>
/// <param name="Retired">What it takes out of use.</param>
/// <param name="Generation">The first that uses the secrets nowhere.</param>
/// <param name="KeyIds">All that held the secrets.</param>
internal sealed record RolloutScope(RolloutRow Row, IReadOnlyList<RetiredSecret> Retired, long Generation, IReadOnlySet<Guid> KeyIds)
{
    /// <param name="row">The rollout.</param>
    /// <param name="retired">What it takes out of use.</param>
    /// <param name="others">Rollouts that some replica may be behind, with what they take out of use; <paramref name="row"/> may be among them.</param>
    public static RolloutScope Of(RolloutRow row, IReadOnlyList<RetiredSecret> retired, IEnumerable<(RolloutRow Row, IReadOnlyList<RetiredSecret> Retired)> others)
    {
        var generation = row.Generation;
        var keyIds = row.RetiredKeyIds.ToHashSet();
        foreach (var other in others)
        {
            var same = other.Retired.Where(secret => retired.Any(secret.MayBe)).Select(secret => secret.KeyId).ToList();
            if (same.Count > 0)
            {
                generation = Math.Max(generation, other.Row.Generation);
                keyIds.UnionWith(same);
            }
        }

        return new RolloutScope(row, retired, generation, keyIds);
    }
}

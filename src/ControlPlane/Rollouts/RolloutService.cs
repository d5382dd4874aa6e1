using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Rollouts as the API shows them: each with the verdict of this moment.</summary>
internal sealed class RolloutService(RolloutStore store, RolloutJudge judge)
{
    public async Task<Outcome<RolloutView>> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        return await store.FindAsync(connection, id, cancellationToken) is { } row
            ? (await judge.JudgeAsync(connection, [row], cancellationToken))[0]
            : Problem.NotFound($"There is no rollout '{id}'.");
    }

    public async Task<Page<RolloutView>> ListAsync(Guid? after, string? provider, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var rows = await store.ListAsync(connection, after, provider, limit + 1, cancellationToken);
        return Page.Of(await judge.JudgeAsync(connection, rows, cancellationToken), limit, view => view.Id);
    }
}

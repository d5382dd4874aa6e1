using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Profile.Identities;

/// <summary>The metadata of a trace's modules. Each is opened when it is first asked for.</summary>
internal sealed class ModuleCatalog(IReadOnlyDictionary<long, LoadedModule> modules) : IDisposable
{
    private readonly Dictionary<long, ModuleMetadata?> _opened = [];
    private readonly SortedSet<string> _unusable = new(StringComparer.Ordinal);

    /// <summary>The files that were asked for and are not there, or are not what was traced.</summary>
    public IReadOnlyCollection<string> Unusable => _unusable;

    public ModuleMetadata? Find(long id)
    {
        if (!_opened.TryGetValue(id, out var metadata) && modules.TryGetValue(id, out var module))
        {
            _opened[id] = metadata = ModuleMetadata.Open(module.Path, module.Build);
            if (metadata is null)
            {
                _unusable.Add(Path.GetFileName(module.Path));
            }
        }

        return metadata;
    }

    public void Dispose()
    {
        foreach (var metadata in _opened.Values)
        {
            metadata?.Dispose();
        }
    }
}

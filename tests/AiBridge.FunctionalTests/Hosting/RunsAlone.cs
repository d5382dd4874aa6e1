namespace Trinity.AiBridge.FunctionalTests.Hosting;

/// <summary>Tests that measure the whole process (file handles, meters, load) and therefore run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "alone";
}

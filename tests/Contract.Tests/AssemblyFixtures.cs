using Trinity.Contract.Tests.Support;

[assembly: AssemblyFixture(typeof(ContractFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)] // one WireMock, whose journal is each test's own

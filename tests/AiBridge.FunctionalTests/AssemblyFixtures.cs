
[assembly: AssemblyFixture(typeof(PostgresFixture))]

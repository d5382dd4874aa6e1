using Trinity.TestSupport.Postgres;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Trinity.ControlPlane.Tests.Hosting;

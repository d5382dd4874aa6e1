[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: AssemblyFixture(typeof(DockerFixture))]

namespace Trinity.ControlPlane.Tests.Hosting;

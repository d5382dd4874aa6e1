using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>What cannot be is refused with the field's name, and leaves no trace.</summary>
public sealed class AgentValidationTests(SharedAgent shared) : IClassFixture<SharedAgent>
{
    private AgentsBench Bench => shared.Bench;

    [Theory]
    [InlineData("name", """{"runtime": "claude-code", "subscription": "first"}""")]
    [InlineData("name", """{"name": "A", "runtime": "claude-code", "subscription": "first"}""")]
    [InlineData("name", """{"name": "a_b", "runtime": "claude-code", "subscription": "first"}""")]
    [InlineData("name", """{"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "runtime": "claude-code", "subscription": "first"}""")]
    [InlineData("name", """{"name": 7, "runtime": "claude-code", "subscription": "first"}""")]
    [InlineData("runtime", """{"name": "a", "subscription": "first"}""")]
    [InlineData("runtime", """{"name": "a", "runtime": "shell", "subscription": "first"}""")]
    [InlineData("image", """{"name": "a", "runtime": "claude-code", "subscription": "first", "image": "busybox:1"}""")]
    [InlineData("image", """{"name": "a", "runtime": "claude-code", "subscription": "first", "image": "../x"}""")]
    [InlineData("auth", """{"name": "a", "runtime": "claude-code", "auth": "password"}""")]
    [InlineData("auth", """{"name": "a", "runtime": "codex", "subscription": "first"}""")]
    [InlineData("subscription", """{"name": "a", "runtime": "claude-code", "subscription": "gone"}""")]
    [InlineData("subscription", """{"name": "a", "runtime": "claude-code", "auth": "api_key", "subscription": "first"}""")]
    [InlineData("provider", """{"name": "a", "runtime": "claude-code", "subscription": "first", "provider": "gone"}""")]
    [InlineData("provider", """{"name": "a", "runtime": "codex", "auth": "api_key"}""")]
    [InlineData("via", """{"name": "a", "runtime": "claude-code", "subscription": "first", "via": "tunnel"}""")]
    [InlineData("command", """{"name": "a", "runtime": "command", "subscription": "first"}""")]
    [InlineData("command", """{"name": "a", "runtime": "claude-code", "subscription": "first", "command": ["sh"]}""")]
    [InlineData("resources.pids", """{"name": "a", "runtime": "claude-code", "subscription": "first", "resources": {"pids": 1}}""")]
    [InlineData("resources.memory_mib", """{"name": "a", "runtime": "claude-code", "subscription": "first", "resources": {"memory_mib": 0}}""")]
    [InlineData("resources.cpu_millis", """{"name": "a", "runtime": "claude-code", "subscription": "first", "resources": {"cpu_millis": -1}}""")]
    [InlineData("environment.ANTHROPIC_API_KEY", """{"name": "a", "runtime": "claude-code", "subscription": "first", "environment": {"ANTHROPIC_API_KEY": "x"}}""")]
    [InlineData("environment.TRINITY_X", """{"name": "a", "runtime": "claude-code", "subscription": "first", "environment": {"TRINITY_X": "x"}}""")]
    [InlineData("environment.A-B", """{"name": "a", "runtime": "claude-code", "subscription": "first", "environment": {"A-B": "x"}}""")]
    [InlineData("owner", """{"name": "a", "runtime": "claude-code", "subscription": "first", "owner": "me"}""")]
    public async Task Create_BadField_IsNamed_AndNothingIsMade(string field, string body)
    {
        var problem = (await Bench.Api.PostAsync("agents", body)).IsProblem(400);

        Assert.True(problem.ErrorsOf(field).Count > 0, problem.Text);
        Assert.DoesNotContain(Bench.Engine.Ever, container => container.AgentName == "a");
        Assert.Equal(0, await Bench.Database.ScalarAsync<long>("select (select count(*) from agents where name <> 'same') + (select count(*) from virtual_keys where agent <> 'same')"));
    }

    [Theory]
    [InlineData("PATCH", "agents/same", """{"via": "tunnel"}""", "via")]
    [InlineData("PATCH", "agents/same", """{"auth": "subscription"}""", "auth")]
    [InlineData("PATCH", "agents/same", """{"provider": "gone"}""", "provider")]
    [InlineData("PATCH", "agents/same", """{"name": "b"}""", "name")]
    [InlineData("PUT", "agents/same/subscription", """{"subscription": "gone"}""", "subscription")]
    [InlineData("PUT", "agents/same/subscription", "{}", "subscription")]
    [InlineData("DELETE", "agents/same/subscription?auth=subscription", null, "auth")]
    [InlineData("POST", "agents/same/recreate", """{"image": "busybox:1"}""", "image")]
    [InlineData("POST", "agents/same/recreate?force=perhaps", null, "force")]
    public async Task Change_BadField_IsNamed_AndNothingChanges(string method, string path, string? body, string field)
    {
        var before = (await Bench.GetAsync("same")).Text;

        var problem = (await Bench.Api.SendAsync(new HttpMethod(method), path, body)).IsProblem(400);

        Assert.True(problem.ErrorsOf(field).Count > 0, problem.Text);
        Assert.Equal(before, (await Bench.GetAsync("same")).Text);
        Assert.Single(Bench.Engine.Script("same").Reloads);
        Assert.Equal(["remove trinity-agent-same-next", "create trinity-agent-same", "start trinity-agent-same"], Bench.Engine.Calls.Changes);
    }

    [Theory]
    [InlineData("GET", "agents/gone")]
    [InlineData("GET", "agents/gone/auth")]
    [InlineData("POST", "agents/gone/start")]
    [InlineData("POST", "agents/gone/stop")]
    [InlineData("POST", "agents/gone/recreate")]
    [InlineData("POST", "agents/gone/rotate-key")]
    [InlineData("DELETE", "agents/gone")]
    [InlineData("DELETE", "agents/gone/subscription")]
    [InlineData("GET", "agents/gone/tasks")]
    [InlineData("GET", "agents/NO NAME")]
    public async Task Missing_IsNotFound(string method, string path) => (await Bench.Api.SendAsync(new HttpMethod(method), path)).IsProblem(404);

    [Theory]
    [InlineData("""{"task_id": "a b", "prompt": "true"}""", "task_id")]
    [InlineData("""{"prompt": ""}""", "prompt")]
    [InlineData("""{"prompt": "true", "timeout_seconds": -1}""", "timeout_seconds")]
    [InlineData("""{"prompt": "true", "shell": "sh"}""", "shell")]
    public async Task Task_BadField_IsNamed(string body, string field)
    {
        var problem = (await Bench.Api.PostAsync("agents/same/tasks", body)).IsProblem(400);
        Assert.True(problem.ErrorsOf(field).Count > 0, problem.Text);
    }
}

using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class HomeLoginTests
{
    private const string Expired = "The login has expired; open the CLI once in this home.";

    private static readonly long Now = new ManualTimeProvider().GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public void Read_ClaudeLogin_HasTokenAndPlan()
    {
        using var bench = new HomeBench();
        var token = Canaries.New("anthropic-oauth");
        bench.Write(ClaudeLogin.FileName, $$$"""
            {"claudeAiOauth": {"accessToken": "{{{token}}}", "refreshToken": "{{{Canaries.New("refresh")}}}", "expiresAt": {{{(Now * 1000) + 1}}}, "subscriptionType": "max", "scopes": ["user:profile"]}}
            """);

        var login = bench.Read(UsageChannels.Anthropic);

        Assert.Equal((token, null, null), (login.Credential!.Token.Reveal(), login.Credential.AccountId, login.Credential.BaseUrl));
        Assert.Equal((CredentialFingerprint.Of(token), "max"), (login.Fingerprint, login.Plan));
    }

    [Fact]
    public void Read_ClaudeLoginHasExpired_SaysWhatToDo()
    {
        using var bench = new HomeBench();
        bench.Write(ClaudeLogin.FileName, $$$"""{"claudeAiOauth": {"accessToken": "{{{Canaries.New("anthropic-oauth")}}}", "expiresAt": {{{Now * 1000}}}}}""");

        Assert.Equal(Expired, bench.Read(UsageChannels.Anthropic).Problem);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"soon\"")]
    [InlineData("-1")]
    [InlineData("1e300")]
    public void Read_ExpiryIsNone_TakesTheToken(string expiry)
    {
        using var bench = new HomeBench();
        bench.Write(ClaudeLogin.FileName, $$$"""{"claudeAiOauth": {"accessToken": "{{{Canaries.New("anthropic-oauth")}}}", "expiresAt": {{{expiry}}}, "subscriptionType": "No Plan <b>"}}""");

        var login = bench.Read(UsageChannels.Anthropic);

        Assert.NotNull(login.Credential);
        Assert.Null(login.Plan);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("garbage")]
    [InlineData("""{"claudeAiOauth": {"accessToken": "expired", "expiresAt": 1}}""")]
    public void Read_ClaudeLoginIsOfNoUse_TakesTheSetupToken(string? file)
    {
        using var bench = new HomeBench();
        var token = Canaries.New("anthropic-oauth");
        bench.Write(HomeEnvironment.FileName, $"CLAUDE_CODE_OAUTH_TOKEN={token}");
        if (file is not null)
        {
            bench.Write(ClaudeLogin.FileName, file);
        }

        Assert.Equal(token, bench.Read(UsageChannels.Anthropic).Credential?.Token.Reveal());
    }

    [Fact]
    public void Read_ClaudeLoginAndSetupToken_TakesTheLogin()
    {
        using var bench = new HomeBench();
        var token = Canaries.New("anthropic-oauth");
        bench.Write(HomeEnvironment.FileName, $"CLAUDE_CODE_OAUTH_TOKEN={Canaries.New("anthropic-oauth")}");
        bench.Write(ClaudeLogin.FileName, $$$"""{"claudeAiOauth": {"accessToken": "{{{token}}}"}}""");

        Assert.Equal(token, bench.Read(UsageChannels.Anthropic).Credential?.Token.Reveal());
    }

    [Fact]
    public void Read_CodexLogin_HasTokenAccountAndPlan()
    {
        using var bench = new HomeBench();
        var token = JwtText.Of("\"not this one\"", Now + 1);
        bench.Write(CodexLogin.FileName, $$$"""
            {"OPENAI_API_KEY": null, "tokens": {"id_token": "x", "access_token": "{{{token}}}", "refresh_token": "{{{Canaries.New("refresh")}}}", "account_id": "account-1"}, "last_refresh": "2030-01-01T00:00:00Z"}
            """);

        var login = bench.Read(UsageChannels.Codex);

        Assert.Equal((token, "account-1"), (login.Credential!.Token.Reveal(), login.Credential.AccountId));
        Assert.Equal((CredentialFingerprint.Of(token), "pro"), (login.Fingerprint, login.Plan));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("\"two words\"")]
    public void Read_CodexLoginWithoutAnAccount_TakesTheTokens(string account)
    {
        using var bench = new HomeBench();
        bench.Write(CodexLogin.FileName, $$$"""{"tokens": {"access_token": "{{{JwtText.Of("\"account-2\"", Now + 1)}}}", "account_id": {{{account}}}}}""");

        Assert.Equal("account-2", bench.Read(UsageChannels.Codex).Credential?.AccountId);
    }

    [Fact]
    public void Read_CodexLoginHasExpired_SaysWhatToDo()
    {
        using var bench = new HomeBench();
        bench.Write(CodexLogin.FileName, $$$"""{"tokens": {"access_token": "{{{JwtText.Of("\"account\"", Now)}}}"}}""");

        Assert.Equal(Expired, bench.Read(UsageChannels.Codex).Problem);
    }

    [Theory]
    [InlineData("""{"OPENAI_API_KEY": "@"}""")]
    [InlineData("""{"OPENAI_API_KEY": "@", "tokens": null}""")]
    [InlineData("""{"OPENAI_API_KEY": "@", "tokens": {"access_token": ""}}""")]
    public void Read_CodexWithAnApiKey_HasNoPlan(string file)
    {
        using var bench = new HomeBench();
        bench.Write(CodexLogin.FileName, file.Replace("@", Canaries.New("openai-key"), StringComparison.Ordinal));

        Assert.Equal("Codex works with an API key in this home, and those have no plan with limits.", bench.Read(UsageChannels.Codex).Problem);
    }

    [Fact]
    public void Read_OpenRouterKey_IsTheEnvironments()
    {
        using var bench = new HomeBench();
        var key = Canaries.New("openrouter-key");
        bench.Write(HomeEnvironment.FileName, $"export OPENROUTER_API_KEY='{key}'");

        var login = bench.Read(UsageChannels.OpenRouter);

        Assert.Equal((key, CredentialFingerprint.Of(key), null), (login.Credential!.Token.Reveal(), login.Fingerprint, login.Plan));
    }

    [Theory]
    [InlineData("OPENROUTER_API_KEY=")]
    [InlineData("OPENROUTER_API_KEY=two words")]
    [InlineData("OPENROUTER_API_KEY=schlüssel")]
    public void Read_VariableIsNoToken_IsNone(string line)
    {
        using var bench = new HomeBench();
        bench.Write(HomeEnvironment.FileName, line);

        Assert.Equal("This home has no key of OpenRouter.", bench.Read(UsageChannels.OpenRouter).Problem);
    }

    [Theory]
    [InlineData(UsageChannels.Anthropic, ClaudeLogin.Missing)]
    [InlineData(UsageChannels.Codex, CodexLogin.Missing)]
    [InlineData(UsageChannels.OpenRouter, "This home has no key of OpenRouter.")]
    [InlineData("gemini", "Homes have no logins for this channel.")]
    public void Read_EmptyHome_SaysWhatItLacks(string channel, string problem)
    {
        using var bench = new HomeBench();

        Assert.Equal(problem, bench.Read(channel).Problem);
        Assert.Empty(bench.Logins.ChannelsOf(bench.Home));
        Assert.Equal(problem, bench.Logins.Read(bench.Home + "/gone", channel, new Dictionary<string, string>(StringComparer.Ordinal)).Problem);
    }

    [Fact]
    public void ChannelsOf_Home_AreThoseItHasSomethingFor()
    {
        using var bench = new HomeBench();
        bench.Write(CodexLogin.FileName, "damaged");
        Assert.Equal([UsageChannels.Codex], bench.Logins.ChannelsOf(bench.Home));

        bench.Write(HomeEnvironment.FileName, "OPENROUTER_API_KEY=key\nCLAUDE_CODE_OAUTH_TOKEN=token");
        Assert.Equal([UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter], bench.Logins.ChannelsOf(bench.Home));

        bench.Write(HomeEnvironment.FileName, "");
        bench.Write(ClaudeLogin.FileName, "");
        Assert.Equal([UsageChannels.Anthropic, UsageChannels.Codex], bench.Logins.ChannelsOf(bench.Home));
    }
}

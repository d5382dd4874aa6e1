using System.Text;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class RequestPeekTests
{
    [Theory]
    [InlineData("""{"model":"m"}""", "m")]
    [InlineData("""  { "model" : "m" , "x":1 }""", "m")]
    [InlineData("""{"messages":[{"model":"inner","deep":{"model":"deeper"}}],"model":"m"}""", "m")]
    [InlineData("""{"m\u006fdel":"m"}""", "m")]
    [InlineData("""{"model":"d\u00e9j\u00e0 \ud83d\ude00"}""", "déjà 😀")]
    [InlineData("""{"model":"a\u0000b"}""", "a\0b")]
    public void Read_ModelAtTheTop_IsFound(string body, string model)
    {
        Assert.Equal(new RequestPeek(model, PeekFault.None), Read(body, wholeBody: false));
        Assert.Equal(new RequestPeek(model, PeekFault.None), Read(body, wholeBody: true));
    }

    [Theory]
    [InlineData("", PeekFault.Empty)]
    [InlineData(" ", PeekFault.Malformed)]
    [InlineData("null", PeekFault.Malformed)]
    [InlineData("[]", PeekFault.Malformed)]
    [InlineData("\"model\"", PeekFault.Malformed)]
    [InlineData("hello", PeekFault.Malformed)]
    [InlineData("{", PeekFault.Malformed)]
    [InlineData("{\"model", PeekFault.Malformed)]
    [InlineData("{\"model\":", PeekFault.Malformed)]
    [InlineData("{\"model\":\"cut", PeekFault.Malformed)]
    [InlineData("{'model':'m'}", PeekFault.Malformed)]
    [InlineData("{\"a\":tru,\"model\":\"m\"}", PeekFault.Malformed)]
    [InlineData("""{"model":"\ud800"}""", PeekFault.Malformed)]
    [InlineData("{}", PeekFault.NoModel)]
    [InlineData("""{"messages":[]}""", PeekFault.NoModel)]
    [InlineData("""{"model":null}""", PeekFault.NoModel)]
    [InlineData("""{"model":1}""", PeekFault.NoModel)]
    [InlineData("""{"model":{"model":"m"}}""", PeekFault.NoModel)]
    [InlineData("""{"model":""}""", PeekFault.NoModel)]
    public void Read_NoUsableModel_SaysWhy(string body, object fault)
    {
        Assert.Equal(new RequestPeek(null, (PeekFault)fault), Read(body, wholeBody: false));
        Assert.Equal(new RequestPeek(null, (PeekFault)fault), Read(body, wholeBody: true));
    }

    [Fact]
    public void Read_BytesThatAreNoUtf8_AreMalformed()
    {
        byte[] body = [.. "{\"model\":\""u8, 0xff, 0xfe, .. "\"}"u8];

        Assert.Equal(PeekFault.Malformed, RequestPeek.Read(body, wholeBody: false).Fault);
    }

    [Fact]
    public void Read_DeepNesting_IsMalformed() =>
        Assert.Equal(PeekFault.Malformed, Read($"{{\"a\":{new string('[', 100_000)}", wholeBody: false).Fault);

    [Theory]
    [InlineData("""{"model":"m" this is broken""")]
    [InlineData("""{"model":"m","model":"n"}""")]
    [InlineData("""{"model":"m","x":""")]
    public void Read_FirstModelSuffices_StopsThere(string body) => Assert.Equal(new RequestPeek("m", PeekFault.None), Read(body, wholeBody: false));

    [Theory]
    [InlineData("""{"model":"m","model":"m"}""")]
    [InlineData("""{"model":"m","x":[1,{}],"m\u006Fdel":"n"}""")]
    [InlineData("""{"model":"m","Model":"n"}""")]
    [InlineData("""{"MODEL":"n","model":"m"}""")]
    public void Read_WholeBodyWithTwoModels_IsAmbiguous(string body) => Assert.Equal(PeekFault.AmbiguousModel, Read(body, wholeBody: true).Fault);

    [Theory]
    [InlineData("""{"model":"m" this is broken""")]
    [InlineData("""{"model":"m","x":""")]
    public void Read_WholeBodyThatIsBroken_IsMalformed(string body) => Assert.Equal(PeekFault.Malformed, Read(body, wholeBody: true).Fault);

    private static RequestPeek Read(string body, bool wholeBody) => RequestPeek.Read(Encoding.UTF8.GetBytes(body), wholeBody);
}

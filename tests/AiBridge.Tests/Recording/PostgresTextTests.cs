using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class PostgresTextTests
{
    [Fact]
    public void Clean_Text_BecomesStorable()
    {
        Assert.Equal("plain", PostgresText.Clean("plain"));
        Assert.Equal("a\ufffdb", PostgresText.Clean("a\0b"));
        Assert.Equal("half \ufffd", PostgresText.Clean("half \ud83d"));
        Assert.Equal("\ufffd half", PostgresText.Clean("\ude00 half"));
        Assert.Equal("whole 😀\ufffd", PostgresText.Clean("whole 😀\0"));
        Assert.Null(PostgresText.Clean<string?>(null));
    }

    [Fact]
    public void Clean_OtherValues_StayAsTheyAre() => Assert.Equal(5L, PostgresText.Clean(5L));
}

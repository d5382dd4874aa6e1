using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class InterceptionDraftTests
{
    [Fact]
    public void Complete_TextThatOthersChose_IsCut()
    {
        var draft = new InterceptionDraft(Guid.Empty, default, 0) { Model = new string('m', 10_000), Error = new string('e', 10_000) };

        var record = draft.Complete(TimeSpan.Zero, recordToolInput: true);

        Assert.Equal((256, 256), (record.Model!.Length, record.Error!.Length));
    }

    [Fact]
    public void Complete_NothingObserved_UsageIsUnknown() =>
        Assert.Null(new InterceptionDraft(Guid.Empty, default, 0).Complete(TimeSpan.Zero, recordToolInput: true).TokenUsage);
}

using System.Text.Json;
using Trinity.AgentServer.Tasks;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Tasks;

public sealed class FinishedTasksTests
{
    private const int Readable = 8 * 1024 * 1024; // what a control plane reads of a reply

    [Fact]
    public void Listed_MoreTextThanIsRead_LeavesOutThatOfOlderTasks()
    {
        var tasks = new FinishedTasks(capacity: 100);
        for (var number = 1; number <= 40; number++)
        {
            tasks.Add(View($"task-{number}", new string('\u0001', 256 * 1024)));
        }

        var listed = tasks.Listed().ToList();

        Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(number => $"task-{number}"), listed.Select(view => view.TaskId));
        Assert.Equal(["task-40", "task-39"], listed.Where(view => view.Response is not null).Select(view => view.TaskId));
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(listed, AgentApiJson.Default.IReadOnlyListTaskView).Length, 1, Readable);
        Assert.Equal(256 * 1024, tasks.Find("task-1")!.Response!.Length);
    }

    [Fact]
    public void Listed_FewTexts_HasThemAll()
    {
        var tasks = new FinishedTasks(capacity: 100);
        tasks.Add(View("one", "first"));
        tasks.Add(View("two", "second"));

        Assert.Equal(["second", "first"], tasks.Listed().Select(view => view.Response));
    }

    private static TaskView View(string id, string response) => new() { TaskId = id, Outcome = TaskOutcome.Completed, Response = response };
}

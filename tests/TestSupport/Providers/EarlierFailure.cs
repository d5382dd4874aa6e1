using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Xunit;
using Xunit.Sdk;

namespace Trinity.TestSupport.Providers;

/// <summary>Remembers the first assertion that failed in each test, because an exception from a dispose hides it.</summary>
internal static class EarlierFailure
{
    private static readonly ConditionalWeakTable<ITest, string> First = [];

    static EarlierFailure() => AppDomain.CurrentDomain.FirstChanceException += Remember;

    /// <summary>Starts remembering.</summary>
    public static void Watch() => RuntimeHelpers.RunClassConstructor(typeof(EarlierFailure).TypeHandle);

    /// <summary>The fault, with the running test's earlier failure added if there was one.</summary>
    public static string AddTo(string fault) =>
        TestContext.Current.Test is { } test && First.TryGetValue(test, out var earlier)
            ? $"{fault}{Environment.NewLine}An assertion had failed before: {earlier}"
            : fault;

    private static void Remember(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (IsAssertion(e.Exception) && TestContext.Current.Test is { } test)
        {
            First.TryAdd(test, e.Exception.Message);
        }
    }

    /// <summary>By name, as xunit itself does, because assertion libraries bring the interface along as source.</summary>
    private static bool IsAssertion(Exception exception) =>
        exception.GetType().GetInterfaces().Any(type => string.Equals(type.Name, "IAssertionException", StringComparison.Ordinal));
}

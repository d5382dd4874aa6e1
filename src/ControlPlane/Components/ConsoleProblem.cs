using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Components.Pages;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Components;

/// <summary>An error in the form that its reader understands: a page within the console, problem details elsewhere.</summary>
internal static class ConsoleProblem
{
    public static IResult Of(HttpContext http, Problem problem) =>
        ConsolePaths.IsConsole(http.Request) ? PageOf(problem) : problem.ToResult();

    public static IResult PageOf(Problem problem) =>
        new PageResult<ProblemPage, ProblemModel>(new ProblemModel(problem.Title, problem.Detail), problem.Status);
}

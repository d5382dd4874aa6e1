namespace Trinity.Shared.Tests.Architecture;

/// <summary>An arrow that must not be drawn: code under <paramref name="From"/> may not mention anything of <paramref name="To"/>.</summary>
/// <param name="From">Namespaces with all below them.</param>
/// <param name="To">Namespaces with all below them, or single type names, which catch what global usings make visible.</param>
/// <param name="Except">Namespaces under <paramref name="From"/> that may, without what is below them.</param>
/// <param name="Reason">Where architecture says so.</param>
internal sealed record Arrow(string[] From, string[] To, string Reason, string[]? Except = null);

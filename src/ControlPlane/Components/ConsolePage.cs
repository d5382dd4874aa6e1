using Microsoft.AspNetCore.Components;
using Trinity.ControlPlane.Components.Models;

namespace Trinity.ControlPlane.Components;

/// <summary>A page of the console. It shows what its model says, and asks nobody.</summary>
public abstract class ConsolePage<TModel> : ComponentBase
{
    [Parameter]
    [EditorRequired]
    public required TModel Model { get; set; }

    /// <summary>Null: nobody has signed in.</summary>
    [Parameter]
    public SignedIn? Operator { get; set; }

    /// <summary>Whether the page has forms. That viewers change nothing is the server's rule; this only spares them the sight.</summary>
    protected bool MayChange => Operator?.MayChange == true;
}

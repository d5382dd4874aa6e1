namespace Trinity.AiBridge.Recording;

/// <summary>Outcomes as the database, the API and metric labels write them.</summary>
internal static class OutcomeNames
{
    public static string Of(Outcome outcome) => outcome switch
    {
        Outcome.Completed => "completed",
        Outcome.ProviderError => "provider_error",
        Outcome.ClientAbort => "client_abort",
        Outcome.Rejected => "rejected",
        _ => "bridge_error",
    };
}

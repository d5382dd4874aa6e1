namespace Trinity.Fault.Tests.Reload;

/// <summary>Makes the database's triggers silent.</summary>
internal static class Notifications
{
    /// <summary>The trigger as it is, but for the NOTIFY.</summary>
    public const string Lose = """
        create or replace function notify_config_changed() returns trigger language plpgsql as $$
        begin
          update config_revision set revision = revision + 1, changed_at = clock_timestamp();
          return null;
        end $$;
        """;
}

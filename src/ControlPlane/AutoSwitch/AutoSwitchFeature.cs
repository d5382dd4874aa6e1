using Trinity.ControlPlane.Notifications;
using Trinity.ControlPlane.Settings;
using Trinity.ControlPlane.Timeline;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>The services and endpoints of switching agents between subscriptions.</summary>
internal static class AutoSwitchFeature
{
    public static IServiceCollection AddAutoSwitch(this IServiceCollection services) => services
        .AddSingleton<SettingsStore>().AddSingleton<SettingsService>()
        .AddSingleton<TimelineStore>().AddSingleton<NotificationStore>()
        .AddSingleton<FailureStore>().AddSingleton<AttributionStore>().AddSingleton<CandidateLoader>()
        .AddSingleton<AutoSwitchMetrics>().AddSingleton<SwitchSimulator>().AddSingleton<SwitchJournal>().AddSingleton<AutoSwitchService>()
        .AddSingleton<RefusalStore>().AddSingleton<RefusalHandler>().AddSingleton<RefusalSignal>()
        .AddHostedService<RefusalWorkers>()
        .AddSingleton<FailureSweeper>().AddHostedService(provider => provider.GetRequiredService<FailureSweeper>());

    public static void MapAutoSwitch(this RouteGroupBuilder api)
    {
        api.MapSubscriptionFailures();
        api.MapSimulation();
        api.MapTimeline();
        api.MapNotifications();
        api.MapSettings();
    }
}

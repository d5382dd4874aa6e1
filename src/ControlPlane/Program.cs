using Trinity.ControlPlane.Commands;

// Verbs: Commands/CommandLine. Services, pipeline and start-up checks: ControlPlaneApp. Then one folder per feature:
//   Providers      where requests may go, with which credentials; rotate
//   Rollouts       proof that retired credentials are out of use; ?wait=applied
//   VirtualKeys    keys that we give to callers
//   Components     the console, /console: pages over the same services
//   Replicas · Interceptions · Usage · Audit · OperatorTokens · Seeding · EncryptionKeys
return await new CommandLine(Console.Out, Console.Error).RunAsync(args, CancellationToken.None);

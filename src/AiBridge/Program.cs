using Trinity.AiBridge;

await AiBridgeApp.Create(args).RunAsync();

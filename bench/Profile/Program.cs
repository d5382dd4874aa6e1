using Trinity.Bench.Profile;

return ProfileCommand.Run(args, Console.Out, Console.Error);

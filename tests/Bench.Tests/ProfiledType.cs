namespace Trinity.Bench.Tests;

internal enum ProfiledChoice
{
    None,
}

/// <summary>Something to make profiles of: methods whose signatures have all that a signature can have. Nobody calls them.</summary>
internal static unsafe class ProfiledType
{
    public static void Plain()
    {
    }

    public static void Plain(int number) => GC.KeepAlive(number);

    public static int[] Arrays(string[] vector, long[,] matrix, int*[] pointers, ref DateTime reference, in Guid readOnly) =>
        [vector.Length, matrix.Length, pointers.Length, reference.Day, readOnly.Version];

    public static ProfiledChoice Enums(ProfiledChoice own, DayOfWeek foreign, nint native) => (int)foreign == native ? own : default;

    public static object? Function(delegate*<int, string> function) => function(1);

    internal sealed class Nested<T>
    {
        private T? _value;

        public T? Put<TOther>(T? value, List<Dictionary<TOther, T>> others)
            where TOther : notnull
        {
            _value = others.Count == 0 ? value : default;
            return _value;
        }

        internal struct Deeper
        {
            public T? Value { get; set; }
        }
    }
}

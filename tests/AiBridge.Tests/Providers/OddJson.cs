using System.Text;

namespace Trinity.AiBridge.Tests.Providers;

/// <summary>What a broken or hostile provider may send where a reader expects JSON; no usage can be read off any of it.</summary>
public static class OddJson
{
    public static TheoryData<byte[]> Texts { get; } =
    [
        .. new[]
        {
            "", " ", "{", "{}", "[]", "null", "1", "\"\"", "tru", "{\"type\":", "{\"type\":}", "{\"type\":1}", "{\"type\":null}",
            """{"type":"message_start"}""",
            """{"type":"message_start","message":[]}""",
            """{"type":"message_start","message":{"usage":[]}}""",
            """{"type":"message_delta","usage":{"input_tokens":{},"output_tokens":[]}}""",
            """{"type":"content_block_start","index":"x","content_block":{"type":"tool_use","id":5,"name":[]}}""",
            """{"type":"content_block_delta","index":-1,"delta":{"type":"input_json_delta","partial_json":{}}}""",
            """{"type":"content_block_delta","index":99999999999999999999,"delta":{"type":"input_json_delta"}}""",
            """{"type":"content_block_start","content_block":{"type":"tool_use","id":"\ud800","name":"\udc00"}}""",
            """{"type":"error","error":{"type":"\ud800"}}""",
            """{"type":"\ud800","usage":{"prompt_tokens":1}}""",
            """{"usage":{}}""",
            """{"usage":{"prompt_tokens":"1","completion_tokens":null}}""",
            """{"usage":{"prompt_tokens":-1,"completion_tokens":1e400}}""",
            """{"choices":{},"usage":5}""",
            """{"choices":[1,null,{"delta":[]},{"delta":{"tool_calls":{}}},{"message":{"tool_calls":[1,{"function":"x","index":{}},{"function":{"name":7,"arguments":{}}}]}}]}""",
            """{"content":[1,{"type":"tool_use"},{"type":5},{"type":"tool_use","name":"\ud83d","input":7}]}""",
            """{"output":[1,{"type":"function_call"},{"type":[],"name":{}}],"usage":{"input_tokens":[],"output_tokens":"x"}}""",
            """{"type":"message_delta","usage":{"input_tokens":1,"output_tokens":2,"prompt_tokens":1,"completion_tokens":2},"\ud800 is half a pair":3}""",
            """{"type":"message_delta","usage":{"input_tokens":1,"output_tokens":2,"\ud800 is half a pair":3}}""",
            """{"content":[{"type":"tool_use","name":"f","\udc00 is half a pair":3}],"output":[{"type":"web_search_call","\udc00 is half a pair":3}]}""",
            """{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","\udc00 is half a pair":3}}]}}]}""",
            """{"type":"response.completed"}""",
            """{"type":"response.completed","response":7}""",
            """{"type":"response.output_item.done","item":{"type":"function_call","name":"\ud800","arguments":{}}}""",
            """{"type":"response.completed","response":{"usage":{"input_tokens":99999999999999999999,"output_tokens":-5},"error":"x","status":5}}""",
        }.Select(Encoding.UTF8.GetBytes),
        .. NoUtf8,
    ];

    private static byte[][] NoUtf8 =>
    [
        [0xff, 0xfe],
        [.. "{\"type\":\""u8, 0xff, .. "\"}"u8],
        [.. "{\"type\":\"error\",\"error\":{\"type\":\""u8, 0xc3, 0x28, .. "\"}}"u8],
        [.. "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\""u8, 0xed, 0xa0, 0x80, .. "\"}}]}}]}"u8],
        [.. "{\"content\":[{\"type\":\"tool_use\",\"name\":\"f\",\"input\":{\"a\":\""u8, 0xff, .. "\"}}]}"u8],
        [.. "{\"output\":[{\"type\":\"web_search_call\",\"action\":{\"a\":\""u8, 0xff, .. "\"}}]}"u8],
        [.. "{\"a\":"u8, .. Enumerable.Repeat((byte)'[', 100_000)],
    ];
}

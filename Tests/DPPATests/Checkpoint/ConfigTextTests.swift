import DPPA
import Testing

/// The dtype in config.json changes; every other byte stays.
@Suite("Config text")
struct ConfigTextTests {
    func expect(
        _ text: String, _ dtype: DType = .bf16, becomes expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try ConfigText.settingDType(text, to: dtype) == expected, sourceLocation: sourceLocation)
    }

    @Test("Key order, spelling of numbers and white space stay")
    func keepsText() throws {
        let text =
            "{\r\n\t\"z\": 1e-05,  \"a\": 1.0, \"big\": 12345678901234567890,\n \"torch_dtype\" :\t\"float32\" , \"n\": -0.0, \"u\": \"\\u00e9é\"\n}\n\n"
        try expect(text, .f16, becomes: text.replacing("\"float32\"", with: "\"float16\""))
    }

    @Test("Both spellings of the key are known, and null is a value")
    func keys() throws {
        try expect("{\"dtype\":\"float32\"}", becomes: "{\"dtype\":\"bfloat16\"}")
        try expect("{\"torch_dtype\":null,\"x\":1}", .f32, becomes: "{\"torch_dtype\":\"float32\",\"x\":1}")
        try expect(
            "{\"dtype\":\"a\",\"torch_dtype\":\"b\"}", .f64,
            becomes: "{\"dtype\":\"float64\",\"torch_dtype\":\"float64\"}")
    }

    @Test("A nested text_config changes with it; one that is nested only is no reason to leave the top without")
    func nested() throws {
        try expect(
            "{\"text_config\": {\"torch_dtype\": \"float32\"}, \"torch_dtype\": \"float32\"}",
            becomes: "{\"text_config\": {\"torch_dtype\": \"bfloat16\"}, \"torch_dtype\": \"bfloat16\"}")
        try expect(
            "{\"text_config\": {\"dtype\": \"float32\"}}",
            becomes: "{\n  \"torch_dtype\": \"bfloat16\",\"text_config\": {\"dtype\": \"bfloat16\"}}")
    }

    @Test("A key is added at the top where there is none, in an empty object too")
    func adds() throws {
        try expect("{\n  \"a\": [1, {}]\n}\n", becomes: "{\n  \"torch_dtype\": \"bfloat16\",\n  \"a\": [1, {}]\n}\n")
        try expect("{}", becomes: "{\n  \"torch_dtype\": \"bfloat16\"\n}")
        try expect(" { \n } ", becomes: " {\n  \"torch_dtype\": \"bfloat16\"\n \n } ")
    }

    @Test("Words in values, in longer keys, and behind escaped quotes are no keys")
    func words() throws {
        for other in [
            "\"a\": \"dtype\"", "\"a\": \"torch_dtype\"", "\"a\": [\"dtype\", \"torch_dtype\"]",
            "\"bnb_4bit_compute_dtype\": \"float16\"",
            "\"a\": \"\\\"dtype\\\": \\\"float32\\\"\"", "\"a\\\\\": \"\\\\\"", "\"a\": \"{\"",
            "\"\\\"dtype\": \"float32\"",
        ] {
            try expect("{\(other), \"dtype\": \"x\\\"y\"}", becomes: "{\(other), \"dtype\": \"bfloat16\"}")
            try expect("{\(other)}", becomes: "{\n  \"torch_dtype\": \"bfloat16\",\(other)}")
        }
    }

    @Test("What is no object is refused", arguments: ["", "[]", "3", "{", "{\"a\":}", "{\"a\":1}}", "\"dtype\""])
    func refused(text: String) {
        expectError(.data, ["config.json is not a JSON object"]) { _ = try ConfigText.settingDType(text, to: .f32) }
    }
}

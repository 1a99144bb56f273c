import DPPA
import Testing

/// One index for each way to be wrong.
@Suite("Malformed indices")
struct MalformedIndexTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try folder.write(Self.file(["a"]), "outside.safetensors")
        try folder.write(Self.file(["a"]), "m/1.safetensors")
        try folder.write(Self.file(["b"]), "m/2.safetensors")
    }

    /// A file with tensors of one byte each.
    static func file(_ names: [String]) -> [UInt8] {
        let entries = names.enumerated().map { entry($1, "U8", "[1]", $0, $0 + 1) }
        return safetensors("{\(entries.joined(separator: ","))}", data: names.count)
    }

    /// An index with this map from names to files.
    static func map(_ name: String, _ map: String, _ words: String...) -> Malformed {
        Malformed(name, words + ["index.json"]) { Array("{\"weight_map\":\(map)}".utf8) }
    }

    static let path = "m/model.safetensors.index.json"

    static let syntax: [Malformed] = [
        Malformed("empty", "", "index.json: expected '{', got the end", "byte 0"),
        Malformed("no JSON", "weights", "index.json: expected '{', got 'w'"),
        Malformed("cut short", "{\"weight_map\":{\"a\":\"1.safetensors\"", "expected '}', got the end"),
        Malformed("a list", "[]", "index.json: expected '{', got '['"),
        Malformed("null", "null", "index.json: expected '{', got 'n'"),
        Malformed("text behind it", "{\"weight_map\":{\"a\":\"1.safetensors\"}}x", "text behind"),
        Malformed("without a map", "{\"metadata\":{\"total_size\":1}}", "index.json has no weight_map"),
        Malformed(
            "two maps", "{\"weight_map\":{\"a\":\"1.safetensors\"},\"weight_map\":{\"b\":\"2.safetensors\"}}",
            "'weight_map' appears twice"),
        Malformed("metadata that is no JSON", "{\"metadata\":{\"total_size\":01},\"weight_map\":{}}", "leading zero"),
        map("a map that is a list", "[]", "expected '{', got '['"),
        map("a map that is a text", "\"a\"", "expected '{', got '\"'"),
        map("a map that is null", "null", "expected '{', got 'n'"),
        map("an empty map", "{}", "has no weight_map"),
        map("a file that is a number", "{\"a\":1}", "expected '\"', got '1'"),
        map("a file that is null", "{\"a\":null}", "expected '\"', got 'n'"),
        map("a file that is a list", "{\"a\":[\"1.safetensors\"]}", "expected '\"', got '['"),
        map("a tensor twice", "{\"a\":\"1.safetensors\",\"a\":\"2.safetensors\"}", "'a' twice"),
        map("a tensor twice by an escape", "{\"a\":\"1.safetensors\",\"\\u0061\":\"2.safetensors\"}", "'a' twice"),
        Malformed("not UTF-8", ["index.json", "not UTF-8", "byte"]) {
            Array("{\"weight_map\":{\"a\":\"".utf8) + [0xFF] + Array("\"}}".utf8)
        },
        Malformed("100 000 lists deep", ["index.json", "got the end", "byte 100012"]) {
            Array(("{\"metadata\":" + String(repeating: "[", count: 100_000)).utf8)
        },
        Malformed("larger than 100 MB", ["index.json", "at most 100000000"]) {
            [UInt8](repeating: 32, count: 100_000_001)
        },
    ]

    static let shards: [Malformed] = [
        map(
            "above the directory", "{\"a\":\"../outside.safetensors\"}", "'../outside.safetensors'", "not in its folder"
        ),
        map("an absolute path", "{\"a\":\"/etc/passwd\"}", "'/etc/passwd'", "not in its folder"),
        map("the directory itself", "{\"a\":\".\"}", "'.'", "not in its folder"),
        map("the directory above", "{\"a\":\"..\"}", "'..'", "not in its folder"),
        map("a way back", "{\"a\":\"d/../1.safetensors\"}", "'d/../1.safetensors'", "not in its folder"),
        map("an empty part", "{\"a\":\"d//1.safetensors\"}", "'d//1.safetensors'", "not in its folder"),
        map("a hidden directory", "{\"a\":\".d/1.safetensors\"}", "'.d/1.safetensors'", "not in its folder"),
        map("a directory below", "{\"a\":\"d/1.safetensors\"}", "m/d/1.safetensors is missing").coded(.missingInput),
        map("no name", "{\"a\":\"\"}", "is missing", "a").coded(.missingInput),
        map("a NUL", "{\"a\":\"1.safetensors\\u0000\"}", "1.safetensors\\0 is missing").coded(.missingInput),
        map("missing", "{\"a\":\"1.safetensors\",\"b\":\"3.safetensors\"}", "m/3.safetensors is missing", "b", "again")
            .coded(.missingInput),
        Malformed("a name of 1 MB", ["nnn… is missing", "index.json"], code: .missingInput) {
            Array("{\"weight_map\":{\"a\":\"\(String(repeating: "n", count: 1 << 20))\"}}".utf8)
        },
        map("itself", "{\"a\":\"model.safetensors.index.json\"}", "no safetensors file but a JSON text"),
    ]

    @Test("Its text", arguments: syntax)
    func refuseSyntax(file: Malformed) throws { try refuse(file) }

    @Test("Its files", arguments: shards)
    func refuseShards(file: Malformed) throws { try refuse(file) }

    func refuse(_ file: Malformed) throws {
        try file.expectRefusal(in: folder, as: Self.path) { _ in
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }
}

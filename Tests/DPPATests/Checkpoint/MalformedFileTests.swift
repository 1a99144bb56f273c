import DPPA
import Testing

/// One file for each way in which a safetensors file can be wrong: each is a precise error, and nothing is written.
@Suite("Malformed safetensors files")
struct MalformedFileTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A file that is nothing but a header, with the length as it should be.
    static func header(_ name: String, _ header: String, data: Int = 4, _ words: String...) -> Malformed {
        Malformed(name, words + ["a.safetensors"]) { safetensors(header, data: data) }
    }

    /// A file whose length field says something.
    static func length(_ name: String, _ length: UInt64, _ rest: String, _ words: String...) -> Malformed {
        Malformed(name, words + ["a.safetensors"]) {
            withUnsafeBytes(of: length.littleEndian, Array.init) + Array(rest.utf8)
        }
    }

    static let good = entry("x", "F32", "[1]", 0, 4)

    static let lengths: [Malformed] = [
        Malformed("empty file", ["no safetensors file but an empty file", "download"]) { [] },
        Malformed("7 bytes", ["no safetensors file", "7 bytes"]) { [2, 0, 0, 0, 0, 0, 0] },
        length("length 0", 0, "", "expected '{', got the end", "header byte 0"),
        length("length 0 before a header", 0, "{}", "expected '{', got the end"),
        length("length 1", 1, "{}", "header byte 1"),
        length("length 2^63", 1 << 63, "{}", "9223372036854775808 bytes", "at most 100000000"),
        length("length 2^63 - 1", 1 << 63 - 1, "{}", "9223372036854775807 bytes", "at most 100000000"),
        length("length 2^64 - 1", .max, "{}", "18446744073709551615 bytes", "at most 100000000"),
        length("length 2^64 - 8 wraps around", .max - 7, "{}", "18446744073709551608 bytes", "at most"),
        length("length one too large", 3, "{}", "3 bytes", "the file has 10", "cut short"),
        length("length as the whole file", 10, "{}", "10 bytes", "the file has 10"),
        length("largest length", 100_000_000, "{}", "100000000 bytes", "the file has 10"),
    ]

    static let syntax: [Malformed] = [
        header("no JSON", "tensors", "expected '{', got 't'", "header byte 0"),
        header("spaces alone", "    ", "expected '{', got the end", "header byte 4"),
        header("a list", "[{\(good)}]", "expected '{', got '['"),
        header("a text", "\"x\"", "expected '{', got '\"'"),
        header("null", "null", "expected '{', got 'n'"),
        header("a byte order mark", "\u{FEFF}{\(good)}", "expected '{', got the byte 239"),
        header("two objects", "{\(good)}{\(good)}", "text behind"),
        header("a comma too many", "{\(good),}", "got '}'"),
        header("a comment", "{/* x */\(good)}", "got '/'"),
        header("single quotes", "{'x':1}", "got '''"),
        header("NaN for an entry", "{\"x\":NaN}", "x: expected '{', got 'N'"),
        header("the same name twice", "{\(entry("x", "U8", "[4]", 0, 4)),\(good)}", "the name 'x' appears twice"),
        header("a name twice in the metadata", "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"},\(good)}", "'a' twice"),
        header("metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", "'__metadata__' appears twice"),
        header("a key twice", "{\"x\":{\"shape\":[],\"shape\":[]}}", "x: 'shape' appears twice"),
        header("the same with an escape", "{\"x\":{\"shape\":[],\"sh\\u0061pe\":[]}}", "x: 'shape' appears twice"),
        Malformed("UTF-16", ["expected '{', got the byte 255"]) { safetensors([0xFF, 0xFE, 0x7B, 0, 0x7D, 0]) },
        Malformed("not UTF-8 in a name", ["not UTF-8", "header byte"]) {
            safetensors(Array("{\"".utf8) + [0xC3, 0x28] + Array("\":{}}".utf8))
        },
        Malformed("an overlong NUL", ["not UTF-8"]) {
            safetensors(Array("{\"".utf8) + [0xC0, 0x80] + Array("\":{}}".utf8))
        },
        Malformed("an encoded surrogate", ["not UTF-8"]) {
            safetensors(Array("{\"".utf8) + [0xED, 0xA0, 0x80] + Array("\":{}}".utf8))
        },
        header("a NUL in a name", "{\"a\u{0}b\":{}}", "control character"),
        header("a NUL behind the header", "{\(good)}\u{0}", "text behind"),
    ]

    static let deep: [Malformed] = [
        Malformed("100 000 lists deep", ["expected '{', got '['"]) {
            safetensors([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        },
        Malformed("100 000 objects deep", ["expected '\"', got '{'"]) {
            safetensors([UInt8](repeating: UInt8(ascii: "{"), count: 100_000))
        },
        Malformed("100 000 named objects deep", ["a: unknown key", "'a'"]) {
            safetensors(Array(String(repeating: "{\"a\":", count: 100_000).utf8))
        },
        Malformed("a shape 100 000 lists deep", ["x: expected a whole number from 0, got '['"]) {
            safetensors("{\"x\":{\"shape\":" + String(repeating: "[", count: 100_000))
        },
        Malformed("metadata 100 000 objects deep", ["expected '\"', got '{'"]) {
            safetensors("{\"__metadata__\":" + String(repeating: "{\"a\":", count: 100_000))
        },
        Malformed("a name of 1 MB that is nowhere closed", ["a string has no end"]) {
            safetensors("{\"" + String(repeating: "n", count: 1 << 20))
        },
        Malformed("a name of 1 MB with a wrong entry", ["nnn…: expected '{', got '1'"]) {
            safetensors("{\"" + String(repeating: "n", count: 1 << 20) + "\":1}")
        },
        Malformed("a name of 1 MB twice", ["nnn…' appears twice"]) {
            let name = String(repeating: "n", count: 1 << 20)
            return safetensors("{\(entry(name, "U8", "[0]", 0, 0)),\(entry(name, "U8", "[0]", 0, 0))}")
        },
        Malformed("a dtype of 1 MB", ["x: unknown dtype 'ddd"]) {
            safetensors("{\(entry("x", String(repeating: "d", count: 1 << 20), "[]", 0, 4))}", data: 4)
        },
        Malformed("10 000 dimensions", ["x: a list of more than 64 numbers"]) {
            let shape = Array(repeating: "1", count: 10_000).joined(separator: ",")
            return safetensors("{\(entry("x", "U8", "[\(shape)]", 0, 1))}", data: 1)
        },
    ]

    @Test("The length of the header", arguments: lengths) func refuseLengths(file: Malformed) throws {
        try refuse(file)
    }

    @Test("The header's text", arguments: syntax) func refuseSyntax(file: Malformed) throws { try refuse(file) }

    @Test("Depth and length", arguments: deep) func refuseDeep(file: Malformed) throws { try refuse(file) }

    /// Opened alone and as the file of a model directory.
    func refuse(_ file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "a.safetensors") { _ = try OpenModel(at: $0, label: "a") }
        try file.expectRefusal(in: folder, as: "m/a.safetensors") { _ in
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }
}

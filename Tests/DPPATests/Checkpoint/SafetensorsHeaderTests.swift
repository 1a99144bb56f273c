import DPPA
import Testing

/// One test for each way in which a header can be wrong; all errors are of the class `data` and name file and tensor.
@Suite("Safetensors header")
struct SafetensorsHeaderTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @discardableResult
    func open(_ header: String, data: Int = 0) throws -> SafetensorsFile {
        try SafetensorsFile(folder.write(safetensors(header, data: data), "a.safetensors"))
    }

    func refused(
        _ header: String, data: Int = 4, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        expectError(.data, words + ["a.safetensors"], sourceLocation: sourceLocation) { try open(header, data: data) }
    }

    @Test("A tensor's name twice")
    func duplicateName() {
        refused("{\(entry("x", "U8", "[2]", 0, 2)),\(entry("x", "U8", "[2]", 2, 4))}", "'x' appears twice")
        refused("{\(entry("x", "U8", "[2]", 0, 2)),\(entry("\\u0078", "U8", "[2]", 2, 4))}", "'x' appears twice")
    }

    @Test("Metadata that are null are none; null is nothing else")
    func nullMetadata() throws {
        let file = try open("{\"__metadata__\":null,\(entry("x", "U8", "[4]", 0, 4))}", data: 4)
        #expect(try file.tensors.map(\.name) == ["x"] && file.tensors[0].bytes() == [0, 1, 2, 3])
        #expect(try open("{\"__metadata__\" : null }").tensors.isEmpty)
        refused("{\"__metadata__\":nul,\(entry("x", "U8", "[4]", 0, 4))}", "expected a value")
        refused("{\"__metadata__\":{\"format\":null},\(entry("x", "U8", "[4]", 0, 4))}", "expected '\"'")
        refused("{\"x\":null}", data: 0, "x", "expected '{'")
    }

    @Test("A key twice in an entry, and in the metadata")
    func duplicateKey() {
        refused(
            "{\"x\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}", "x",
            "'dtype' appears twice")
        refused(
            "{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"shape\":[4],\"data_offsets\":[0,4]}}", "x",
            "'shape' appears twice")
        refused("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},\(entry("x", "U8", "[4]", 0, 4))}", "'a' twice")
        refused(
            "{\"__metadata__\":{},\"__metadata__\":{},\(entry("x", "U8", "[4]", 0, 4))}", "'__metadata__' appears twice"
        )
    }

    @Test("Tensors that overlap, wholly or in part, or lie inside one another")
    func overlap() {
        refused(
            "{\(entry("x", "U8", "[3]", 0, 3)),\(entry("y", "U8", "[2]", 2, 4))}", "y", "byte 2, expected 3", "overlaps"
        )
        refused("{\(entry("x", "U8", "[4]", 0, 4)),\(entry("y", "U8", "[4]", 0, 4))}", "y", "overlaps")
        refused("{\(entry("x", "U8", "[4]", 0, 4)),\(entry("y", "U8", "[0]", 2, 2))}", "y", "overlaps")
    }

    @Test("A gap between tensors, before the first and behind the last")
    func gap() {
        refused("{\(entry("x", "U8", "[1]", 0, 1)),\(entry("y", "U8", "[2]", 2, 4))}", "y", "byte 2, expected 1", "gap")
        refused("{\(entry("x", "U8", "[3]", 1, 4))}", "x", "byte 1, expected 0", "gap")
        refused("{\(entry("x", "U8", "[3]", 0, 3))}", "describes 3 bytes", "has 4")
    }

    @Test("Data that is cut short names the first tensor that is not all there")
    func cutShort() {
        let header =
            "{\(entry("x", "U8", "[3]", 0, 3)),\(entry("y", "U8", "[3]", 3, 6)),\(entry("z", "U8", "[1]", 6, 7))}"
        refused(header, "describes 7 bytes", "has 4", "y is not all there", "cut short")
    }

    @Test("A tensor whose bytes do not fit its shape")
    func wrongSize() {
        refused("{\(entry("x", "F32", "[2]", 0, 4))}", "x", "F32 [2] takes 8 bytes", "it has 4")
        refused("{\(entry("x", "F32", "[]", 0, 0))}", data: 0, "x", "F32 [] takes 4 bytes", "it has 0")
        refused("{\(entry("x", "F32", "[0,5]", 0, 4))}", "x", "takes 0 bytes", "it has 4")
        refused("{\(entry("x", "U8", "[4]", 4, 0))}", "x", "ends at byte 0, before it begins at byte 4")
    }

    @Test("A dtype that is not known, or spelt otherwise", arguments: ["F5", "f32", "float32", "", "F8_E8M1"])
    func unknownDType(dtype: String) {
        refused("{\(entry("x", dtype, "[4]", 0, 4))}", "x", "unknown dtype '\(dtype)'")
    }

    @Test(
        "A dtype of the format that is not read is no damage",
        arguments: ["F4", "F6_E2M3", "F6_E3M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64"])
    func unreadDType(dtype: String) {
        refused("{\(entry("x", dtype, "[4]", 0, 4))}", "x is stored as \(dtype)", "not read", "16-bit model")
        #expect(!DType.allCases.contains { $0.rawValue == dtype })
    }

    @Test("A key that is not known")
    func unknownKey() {
        refused(
            "{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"strides\":[1],\"data_offsets\":[0,4]}}", "x",
            "unknown key 'strides'")
    }

    @Test("Keys that are missing, and places that are no pair")
    func missingKey() {
        let words = ["x", "expected dtype, shape and two data_offsets"]
        for fields in [
            "\"shape\":[4],\"data_offsets\":[0,4]", "\"dtype\":\"U8\",\"data_offsets\":[0,4]",
            "\"dtype\":\"U8\",\"shape\":[4]",
            "", "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4]",
            "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[]",
        ] {
            expectError(.data, words + ["a.safetensors"]) { try open("{\"x\":{\(fields)}}", data: 4) }
        }
        refused("{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,8]}}", "x", "more than 2 numbers")
    }

    @Test("Values of the wrong kind")
    func wrongKind() {
        refused("{\"x\":[]}", "x", "expected '{', got '['")
        refused("{\"x\":null}", "x", "expected '{', got 'n'")
        refused("{\"x\":{\"dtype\":8}}", "x", "got '8'")
        refused("{\"x\":{\"dtype\":\"U8\",\"shape\":4}}", "x", "expected '[', got '4'")
        refused("{\"x\":{\"dtype\":\"U8\",\"shape\":[\"4\"]}}", "x", "whole number")
        refused("{\"__metadata__\":{\"a\":1}}", "got '1'")
        refused("[]", "expected '{', got '['")
    }

    @Test("Numbers that are negative, fractions, powers, with leading zeros, or too large")
    func numbers() {
        for (shape, word) in [
            ("[-1]", "expected a whole number from 0, got '-'"), ("[4.0]", "got '.'"), ("[4e0]", "got 'e'"),
            ("[04]", "leading zero"), ("[+4]", "got '+'"), ("[]]", "got ']'"), ("[4,]", "got ']'"), ("[,4]", "got ','"),
            ("[9223372036854775808]", "too large"), ("[99999999999999999999999]", "too large"),
        ] {
            expectError(.data, ["a.safetensors", "x", word]) { try open("{\(entry("x", "U8", shape, 0, 4))}", data: 4) }
        }
        refused("{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-4,0]}}", "x", "whole number", "'-'")
    }

    @Test("Shapes whose number of elements or bytes is more than a number can hold, even beside a 0")
    func overflow() {
        let huge = "9223372036854775807"
        refused("{\(entry("x", "U8", "[\(huge),2]", 0, 4))}", "x", "too large")
        refused("{\(entry("x", "F32", "[\(huge)]", 0, 4))}", "x", "too large")
        refused("{\(entry("x", "U8", "[4294967296,4294967296]", 0, 0))}", data: 0, "x", "too large")
        refused("{\(entry("x", "U8", "[0,\(huge),\(huge)]", 0, 0))}", data: 0, "x", "too large")
        refused("{\(entry("x", "U8", "[\(huge)]", 0, Int.max))}", "x", "too large")
        let most = 1 << 40
        refused("{\(entry("x", "U8", "[\(most)]", 0, most))}", "x", "describes \(most) bytes")
        refused("{\(entry("x", "U8", "[\(most + 1)]", 0, most + 1))}", "x", "too large")
        refused("{\(entry("x", "U8", "[0,\(most + 1)]", 0, 0))}", data: 0, "x", "too large")
        refused(
            "{\(entry("x", "U8", "[" + Array(repeating: "1", count: 65).joined(separator: ",") + "]", 0, 1))}", "x",
            "more than 64")
    }

    @Test("Control characters in a string, and in the space between")
    func controlCharacters() {
        refused("{\(entry("a\nb", "U8", "[4]", 0, 4))}", "control character")
        refused("{\(entry("a\u{0}b", "U8", "[4]", 0, 4))}", "control character")
        refused("{\(entry("x", "U\t8", "[4]", 0, 4))}", "x", "control character")
        refused("\u{0}{\(entry("x", "U8", "[4]", 0, 4))}", "the byte 0")
    }

    @Test(
        "Escapes that are unknown, cut off, or half a surrogate pair",
        arguments: [
            "\\x", "\\u12", "\\u12g4", "\\u-123", "\\ud800", "\\ud800\\n", "\\ud800\\u0041", "\\udc00", "\\U0041",
        ])
    func escapes(text: String) {
        refused("{\(entry(text, "U8", "[4]", 0, 4))}", "a string has")
    }

    @Test("Every cut of a good header is refused, and no cut is read beyond")
    func cutHeaders() throws {
        let header = "{\"__metadata__\":{\"k\":\"\\u00e9\"},\(entry("a\\\"b", "F32", "[1]", 0, 4))}"
        #expect(try open(header, data: 4).tensors.map(\.name) == ["a\"b"])
        for length in 0..<header.utf8.count {
            let cut = Array(header.utf8.prefix(length))
            expectError(.data, ["a.safetensors", "header byte"]) {
                _ = try SafetensorsFile(folder.write(safetensors(cut, data: [0, 0, 0, 0]), "a.safetensors"))
            }
        }
    }

    @Test("Text behind the closing brace; spaces are allowed there")
    func textBehind() throws {
        refused("{\(entry("x", "U8", "[4]", 0, 4))}}", "text behind")
        refused("{\(entry("x", "U8", "[4]", 0, 4))}{}", "text behind")
        refused("{\(entry("x", "U8", "[4]", 0, 4))}\u{0}", "text behind")
        #expect(try open(" {\(entry("x", "U8", "[4]", 0, 4))} \n\t\r ", data: 4).tensors.count == 1)
    }

    @Test("Punctuation that is missing or too much")
    func punctuation() {
        refused("{\(entry("x", "U8", "[4]", 0, 4)),}", "got '}'")
        refused("{\"x\" {}}", "expected ':', got '{'")
        refused("{\(entry("x", "U8", "[2]", 0, 2)) \(entry("y", "U8", "[2]", 2, 4))}", "expected '}'")
        refused("{\"x\":{\"dtype\":\"U8\" \"shape\":[4]}}", "x", "expected '}'")
    }

    @Test("Text that is not UTF-8, in a name and in a value")
    func notUTF8() throws {
        for (bad, words) in [
            (Array("{\"\u{1}\":".utf8), ["not UTF-8"]),
            (Array("{\"x\":{\"dtype\":\"\u{1}\"".utf8), ["x", "not UTF-8"]),
        ] {
            for byte in [0xFF, 0xC3, 0x80] as [UInt8] {
                let header = bad.map { $0 == 1 ? byte : $0 }
                expectError(.data, words + ["a.safetensors"]) {
                    _ = try SafetensorsFile(folder.write(safetensors(header), "a.safetensors"))
                }
            }
        }
    }

    @Test("Names and metadata with every kind of escape, and with none where none is needed")
    func goodStrings() throws {
        let names = ["\\\"\\\\\\/\\b\\f\\n\\r\\t", "\\u00e9\\u20AC", "\\ud83d\\ude00", "é😀", "", "\\u0000"]
        let found = names.enumerated().map { entry($1, "U8", "[1]", $0, $0 + 1) }
        let file = try open(
            "{\"__metadata__\":{\"\\n\":\"\\u0041\"},\(found.joined(separator: ","))}", data: names.count)
        #expect(file.tensors.map(\.name) == ["\"\\/\u{8}\u{c}\n\r\t", "é€", "😀", "é😀", "", "\u{0}"])
    }
}

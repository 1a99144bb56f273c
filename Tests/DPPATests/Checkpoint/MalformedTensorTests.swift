import DPPA
import Testing

/// One file for each way in which what a header says of a tensor can be wrong.
@Suite("Malformed tensors")
struct MalformedTensorTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A file with one tensor of which one field says something.
    static func field(_ name: String, _ key: String, _ value: String, _ words: String...) -> Malformed {
        let fields = ["dtype": "\"F32\"", "shape": "[1]", "data_offsets": "[0,4]"].merging([key: value]) { $1 }
        let text = fields.sorted { $0.key > $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return Malformed(name, words + ["a.safetensors: x: ", "header byte"]) {
            safetensors("{\"x\":{\(text)}}", data: 4)
        }
    }

    /// A file with these entries.
    static func file(_ name: String, _ entries: [String], data: Int = 8, _ words: String...) -> Malformed {
        Malformed(name, words + ["a.safetensors"]) {
            safetensors("{\(entries.joined(separator: ","))}", data: data)
        }
    }

    static let types: [Malformed] = [
        field("dtype is a number", "dtype", "32", "expected '\"', got '3'"),
        field("dtype is null", "dtype", "null", "expected '\"', got 'n'"),
        field("dtype is a list", "dtype", "[\"F32\"]", "expected '\"', got '['"),
        field("dtype is not known", "dtype", "\"F33\"", "unknown dtype 'F33'"),
        field("dtype is empty", "dtype", "\"\"", "unknown dtype ''"),
        field("dtype with a NUL", "dtype", "\"F32\\u0000\"", "unknown dtype 'F32"),
        field("dtype that steers a terminal", "dtype", "\"\\u001b[2J\"", "unknown dtype '\\u{1B}[2J'"),
        field("shape is a number", "shape", "1", "expected '[', got '1'"),
        field("shape is an object", "shape", "{}", "expected '[', got '{'"),
        field("shape is null", "shape", "null", "expected '[', got 'n'"),
        field("a dimension is a text", "shape", "[\"1\"]", "whole number from 0, got '\"'"),
        field("a dimension is null", "shape", "[null]", "whole number from 0, got 'n'"),
        field("a dimension is true", "shape", "[true]", "whole number from 0, got 't'"),
        field("data_offsets is a number", "data_offsets", "4", "expected '[', got '4'"),
        field("data_offsets is a text", "data_offsets", "\"0,4\"", "expected '[', got '\"'"),
        field("data_offsets has one number", "data_offsets", "[4]", "two data_offsets"),
        field("data_offsets has three numbers", "data_offsets", "[0,2,4]", "more than 2 numbers"),
        field("data_offsets is empty", "data_offsets", "[]", "two data_offsets"),
        field("a key that is not known", "stride", "[1]", "unknown key 'stride'"),
        file("an entry is a list", ["\"x\":[]"], "x: expected '{', got '['"),
        file("an entry is empty", ["\"x\":{}"], "x: expected dtype, shape and two data_offsets"),
        file("metadata is a list", ["\"__metadata__\":[]"], "expected '{', got '['"),
        file("metadata is a text", ["\"__metadata__\":\"pt\""], "expected '{', got '\"'"),
        file("metadata holds a number", ["\"__metadata__\":{\"step\":1}"], "expected '\"', got '1'"),
        file("metadata holds an object", ["\"__metadata__\":{\"step\":{}}"], "expected '\"', got '{'"),
    ]

    static let numbers: [Malformed] = [
        ("negative", "-1", "got '-'"), ("minus zero", "-0", "got '-'"), ("a plus", "+1", "got '+'"),
        ("a fraction", "1.5", "got '.'"), ("a fraction of nothing", "1.0", "got '.'"), ("a power", "1e0", "got 'e'"),
        ("a large power", "1E99", "got 'E'"), ("a leading zero", "01", "leading zero"),
        ("hexadecimal", "0x1", "got 'x'"),
        ("NaN", "NaN", "got 'N'"), ("infinite", "Infinity", "got 'I'"), ("2^63", "9223372036854775808", "too large"),
        ("2^64", "18446744073709551616", "too large"),
        ("30 digits", "123456789012345678901234567890", "too large"),
        ("10 000 digits", String(repeating: "9", count: 10_000), "too large"), ("nothing", "", "got ','"),
    ].flatMap { name, number, words in
        let inShape = number.isEmpty ? ",1" : "\(number)"
        return [
            field("a dimension: \(name)", "shape", "[\(inShape)]", words),
            field("an offset: \(name)", "data_offsets", "[\(number),4]", words),
        ]
    }

    static let shapes: [Malformed] = [
        field("too few bytes", "shape", "[2]", "F32 [2] takes 8 bytes; it has 4"),
        field("too many bytes", "shape", "[0]", "F32 [0] takes 0 bytes; it has 4"),
        field("no whole element", "data_offsets", "[0,3]", "F32 [1] takes 4 bytes; it has 3"),
        field("2^32 x 2^32", "shape", "[4294967296,4294967296]", "too large"),
        field("2^63 - 1 elements of 4 bytes", "shape", "[9223372036854775807]", "too large"),
        field("2^62 x 4 wraps to 0 bytes", "shape", "[4611686018427387904]", "too large"),
        field("more than any model, beside a 0", "shape", "[0,1099511627777]", "too large"),
        field(
            "a product of 64 dimensions", "shape", "[\(Array(repeating: "2", count: 64).joined(separator: ","))]",
            "large"),
    ]

    static let places: [Malformed] = [
        file("reversed", [entry("x", "F32", "[1]", 4, 0)], "x: it ends at byte 0, before it begins at byte 4"),
        file("a hole at the start", [entry("x", "F32", "[1]", 4, 8)], "x begins at byte 4, expected 0", "gap"),
        file(
            "a hole in the middle", [entry("x", "U8", "[2]", 0, 2), entry("y", "U8", "[4]", 4, 8)],
            "y begins at byte 4, expected 2", "gap"),
        file("trailing bytes", [entry("x", "F32", "[1]", 0, 4)], "describes 4 bytes", "has 8", "damaged"),
        file("no tensor, yet data", [], "describes 0 bytes", "has 8"),
        file(
            "overlapping by a byte", [entry("x", "U8", "[4]", 0, 4), entry("y", "U8", "[5]", 3, 8)],
            "y begins at byte 3, expected 4", "overlaps"),
        file(
            "the same place", [entry("x", "F64", "[1]", 0, 8), entry("y", "F64", "[1]", 0, 8)],
            "y begins at byte 0, expected 8", "overlaps"),
        file(
            "inside another", [entry("x", "F64", "[1]", 0, 8), entry("y", "U8", "[2]", 4, 6)],
            "y begins at byte 4, expected 8", "overlaps"),
        file(
            "out of bounds", [entry("x", "F64", "[2]", 0, 16)],
            "describes 16 bytes", "x is not all there", "cut short"),
        file("far out of bounds", [entry("x", "U8", "[8]", Int.max - 8, Int.max)], "x begins at byte \(Int.max - 8)"),
        file("an empty one out of bounds", [entry("x", "U8", "[0]", 99, 99)], "x begins at byte 99, expected 0"),
    ]

    @Test("Types", arguments: types) func refuseTypes(file: Malformed) throws { try refuse(file) }

    @Test("Numbers", arguments: numbers) func refuseNumbers(file: Malformed) throws { try refuse(file) }

    @Test("Shapes", arguments: shapes) func refuseShapes(file: Malformed) throws { try refuse(file) }

    @Test("Places", arguments: places) func refusePlaces(file: Malformed) throws { try refuse(file) }

    func refuse(_ file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "a.safetensors") { _ = try OpenModel(at: $0, label: "a") }
    }

    @Test("Odd offsets and odd names are no fault: nothing is mapped, and names are no paths")
    func odd() throws {
        let names = ["a\\u0000b", "..", "/", "../../x", "", ".", String(repeating: "n", count: 1 << 20), "\\u001b[2J"]
        var entries = [entry("first", "U8", "[1]", 0, 1)]
        for (index, name) in names.enumerated() {
            entries.append(entry(name, "U16", "[1]", 1 + 2 * index, 3 + 2 * index))
        }
        let path = try folder.write(
            safetensors("{\(entries.joined(separator: ","))}", data: 1 + 2 * names.count), "a.safetensors")
        let model = try OpenModel(at: path, label: "a")
        #expect(model.tensors.count == names.count + 1)
        #expect(try model["a\u{0}b"]?.source.bytes() == [1, 2] && model[".."]?.source.bytes() == [3, 4])
        #expect(try model[names[6]]?.source.bytes() == [13, 14])
    }
}

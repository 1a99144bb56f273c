import DPPA
import Testing

/// What the reader takes and what it refuses, a text a line: `y` is JSON by RFC 8259, `n` is none.
@Suite("JSON reader")
struct JSONReaderTests {
    /// A text that is JSON, and how it is written again.
    static let accepted: [(text: String, written: String)] = [
        // Structure.
        ("[]", "[]"), ("{}", "{}"), (" [ ] ", "[]"), ("\t{\r\n}\n", "{}"), ("[[],[[]]]", "[[],[[]]]"),
        ("null", "null"), ("true", "true"), ("false", "false"), ("\"a\"", "\"a\""),
        ("[null,1,\"1\",{}]", "[null,1,\"1\",{}]"),
        ("{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"), ("{\"\":0}", "{\"\":0}"),
        ("{\"a\":{\"a\":{}}}", "{\"a\":{\"a\":{}}}"),
        ("{\"a\" : 1 , \"b\" : [ 2 ] }", "{\"a\":1,\"b\":[2]}"),
        // Numbers.
        ("0", "0"), ("-1", "-1"), ("-0", "0"), ("1.5", "1.5"), ("1.0", "1"), ("1e2", "100"), ("1E+2", "100"),
        ("1e-2", "0.01"),
        ("0.1", "0.1"), ("123.456e3", "123456"), ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"), ("9223372036854775808", "9.223372036854776e+18"),
        ("9007199254740993", "9007199254740993"), ("1e-400", "0"), ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("0.30000000000000004", "0.30000000000000004"),
        // Strings.
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\""),
        ("\"\\u0041\\u00e9\\u2028\"", "\"Aé\u{2028}\""),
        ("\"\\ud83d\\ude00\"", "\"😀\""), ("\"\\uD834\\uDD1E\"", "\"𝄞\""), ("\"é😀\u{7F}\"", "\"é😀\u{7F}\""),
        ("\"\\u0000\"", "\"\\u0000\""), ("\"// no comment\"", "\"// no comment\""),
    ]

    /// A text that is no JSON, and what the error says.
    static let refused: [(text: String, words: String)] = [
        // Structure.
        ("", "expected a value, got the end (byte 0)"), (" ", "got the end (byte 1)"),
        ("[", "expected a value, got the end"),
        ("{", "expected '\"', got the end"), ("]", "got ']'"), ("}", "got '}'"), ("[1", "expected ']', got the end"),
        ("[1,]", "expected a value, got ']' (byte 3)"), ("[,1]", "got ','"), ("[1,,2]", "got ','"),
        ("[1 2]", "expected ']', got '2'"),
        ("[1}", "expected ']', got '}'"), ("{\"a\":1]", "expected '}', got ']'"),
        ("[]]", "text behind its end (byte 2)"),
        ("{}x", "text behind"), ("1 2", "text behind"), ("{\"a\"}", "expected ':', got '}'"),
        ("{\"a\":}", "expected a value"),
        ("{\"a\":1,}", "expected '\"', got '}'"), ("{,}", "expected '\"', got ','"),
        ("{a:1}", "expected '\"', got 'a'"),
        ("{'a':1}", "expected '\"', got '''"), ("{1:1}", "expected '\"', got '1'"),
        ("{\"a\":1 \"b\":2}", "expected '}', got '\"'"),
        ("{\"a\":1,\"a\":1}", "'a' appears twice"), ("{\"a\":1,\"\\u0061\":2}", "'a' appears twice"),
        ("[1] // comment", "text behind"), ("[/**/1]", "got '/'"), ("[1\u{A0}]", "got the byte 194"),
        ("\u{FEFF}[]", "got the byte 239"),
        ("[1\u{C}]", "got the byte 12"),
        // Words.
        ("nul", "expected a value, got 'n'"), ("True", "got 'T'"), ("nullx", "text behind"), ("undefined", "got 'u'"),
        ("abc", "got 'a'"),
        ("NaN", "got 'N'"), ("Infinity", "got 'I'"), ("-Infinity", "got 'I'"), ("[NaN]", "got 'N'"),
        // Numbers.
        ("01", "leading zero"), ("-01", "leading zero"), ("+1", "got '+'"), (".5", "got '.'"),
        ("1.", "expected a digit, got the end"),
        ("1.e1", "expected a digit, got 'e'"), ("1e", "expected a digit"), ("1e+", "expected a digit"),
        ("-", "got the end"), ("--1", "got '-'"),
        ("0x1F", "text behind"), ("1_000", "text behind"), ("1,5", "text behind"), ("1e1.5", "text behind"),
        ("１", "got the byte 239"),
        ("1e999", "a number is too large (byte 0)"), ("-1e999", "too large"), ("[1e400]", "too large (byte 1)"),
        // Strings.
        ("\"", "a string has no end"), ("\"a", "no end"), ("\"\\", "no end"), ("\"\\\"", "no end"), ("'a'", "got '''"),
        ("\"\\x41\"", "unknown escape"), ("\"\\u12\"", "no end"), ("\"\\u12G4\"", "unknown escape"),
        ("\"\\u\"", "no end"),
        ("\"\\ud800\"", "surrogate"), ("\"\\ude00\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"),
        ("\"\\ud800\\n\"", "surrogate"),
        ("\"a\nb\"", "control character"), ("\"\t\"", "control character"), ("\"\0\"", "control character"),
        ("\"\\\n\"", "unknown escape"),
    ]

    /// Bytes that are no text.
    static let bytes: [([UInt8], String)] = [
        ([0xFF], "got the byte 255"), ([0xFE, 0xFF, 0, 0x5B], "got the byte 254"),
        ([0x5B, 0, 0x5D, 0], "got the byte 0"),
        ([0x22, 0x80, 0x22], "not UTF-8"), ([0x22, 0xC3, 0x22], "not UTF-8"), ([0x22, 0xC0, 0x80, 0x22], "not UTF-8"),
        ([0x22, 0xED, 0xA0, 0x80, 0x22], "not UTF-8"), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], "not UTF-8"),
        ([0x22, 0x5C, 0x6E, 0xE9, 0x22], "not UTF-8"),
    ]

    @Test("y: it is read, kept exactly, and written again", arguments: accepted)
    func accept(item: (text: String, written: String)) throws {
        #expect(try JSONValue(item.text.utf8, file: "f").text == item.written)
        #expect(try JSONValue(item.written.utf8, file: "f").text == item.written)
    }

    @Test("n: the error says what was expected where", arguments: refused)
    func refuse(item: (text: String, words: String)) {
        expectError(.data, ["f: ", item.words]) { _ = try JSONValue(item.text.utf8, file: "f") }
        // What is passed over is checked as what is kept, but for the size of numbers and names that are there twice.
        guard !item.words.contains("too large"), !item.words.contains("twice") else { return }
        expectError(.data, [item.words]) { try JSONScanner.read(item.text.utf8, file: "f") { try $0.skipValue() } }
    }

    @Test("n: what is no UTF-8", arguments: bytes)
    func refuseBytes(item: ([UInt8], String)) {
        expectError(.data, [item.1]) { _ = try JSONValue(item.0, file: "f") }
        expectError(.data, [item.1]) { try JSONScanner.read(item.0, file: "f") { try $0.skipValue() } }
    }

    @Test("A string ends where it ends, wherever in a word of eight bytes what is special stands")
    func ends() throws {
        let pieces: [[UInt8]] = [
            [], [0x5C, 0x22], [0x5C, 0x5C], Array("é".utf8), Array("漢😀".utf8), [0x7F], [0x20, 0x21],
        ]
        for length in 0..<20 {
            for place in 0...length {
                for piece in pieces {
                    var text = [UInt8](repeating: 0x61, count: length)
                    text.insert(contentsOf: piece, at: place)
                    let all = [0x22] + text + Array("\"x\"".utf8)
                    let (read, passed) = try JSONScanner.read(all, file: "f") { scanner in
                        let read = try scanner.string()
                        let end = scanner.position
                        scanner.position = 0
                        try scanner.skipString()
                        defer { scanner.position = all.count }
                        return (read, scanner.position == end && end == text.count + 2)
                    }
                    let plain = String(decoding: text, as: UTF8.self).replacing("\\\"", with: "\"").replacing(
                        "\\\\", with: "\\")
                    #expect(passed && read == plain)
                }
            }
        }
    }

    @Test("What is passed over is UTF-8 exactly where the language says so")
    func wellFormed() throws {
        let edges: [UInt8] = [0x23, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xFF]
        var wrong: [[UInt8]] = []
        for first in UInt8(0x80)...0xFF {
            for number in 0..<edges.count * edges.count * edges.count {
                let text = [first, edges[number % 12], edges[number / 12 % 12], edges[number / 144]]
                let isRight = String(validating: text, as: UTF8.self) != nil
                let passed: Void? = try? JSONScanner.read([0x22] + text + [0x22], file: "f") { try $0.skipString() }
                if isRight != (passed != nil) { wrong.append(text) }
            }
        }
        #expect(wrong == [])
    }

    @Test("512 lists deep are read, more are an error, and no stack is too small for it")
    func nesting() throws {
        func lists(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try JSONValue(lists(512).utf8, file: "f").text == lists(512))
        for text in [lists(513), lists(100_000), String(repeating: "{\"a\":", count: 100_000)] {
            expectError(.data, ["f: lists and objects are nested more than 512 deep"]) {
                _ = try JSONValue(text.utf8, file: "f")
            }
        }
        // What nobody keeps may be as deep as it likes.
        try JSONScanner.read(lists(100_000).utf8, file: "f") { try $0.skipValue() }
    }

    @Test("Where asked, NaN and the infinities are taken as Python writes them, and as nothing else does")
    func nonFinite() throws {
        func read(_ text: String) throws -> JSONValue { try JSONValue(text.utf8, file: "f", nonFinite: true) }
        #expect(try read("[NaN]").array?[0].double?.isNaN == true)
        #expect(try read("Infinity").double == .infinity && read("-Infinity").double == -.infinity)
        #expect(try read("1e999").double == .infinity && read("-1e999").double == -.infinity)
        #expect(try read("[NaN,-Infinity,1e999]").array?.map(\.description) == ["NaN", "-Infinity", "Infinity"])
        for text in ["nan", "-NaN", "+Infinity", "inf", "{'a': NaN}", "[NaN,]", "Infinit"] {
            expectError(.data, ["f: "]) { _ = try read(text) }
        }
    }

    @Test("Accessors tell the types apart")
    func accessors() throws {
        let text =
            "{\"n\":null,\"t\":true,\"i\":4,\"d\":4.0,\"h\":4.5,\"s\":\"4\",\"a\":[1],\"o\":{\"x\":1},\"big\":1e30}"
        let value = try JSONValue(text.utf8, file: "f")
        #expect(value.object?.names == ["n", "t", "i", "d", "h", "s", "a", "o", "big"])
        #expect(value["n"]?.isNull == true && value["none"] == nil && value["i"]?["x"] == nil)
        #expect(
            value["t"]?.bool == true && value["t"]?.int == nil && value["t"]?.double == nil && value["i"]?.bool == nil)
        #expect(value["i"]?.int == 4 && value["d"]?.int == 4 && value["h"]?.int == nil && value["big"]?.int == nil)
        #expect(value["i"]?.double == 4 && value["h"]?.double == 4.5 && value["s"]?.double == nil)
        #expect(value["s"]?.string == "4" && value["i"]?.string == nil && value["a"]?.array?.count == 1)
        #expect(value["o"]?["x"]?.int == 1 && value["a"]?.object == nil)
    }

    @Test("Names are told apart by their bytes: two spellings of one character are two members")
    func spellings() throws {
        let value = try JSONValue("{\"\\u00e9\":1,\"e\\u0301\":2}".utf8, file: "f")
        #expect(value["\u{E9}"]?.int == 1 && value["e\u{301}"]?.int == 2)
    }

    @Test("In a file that people write, the place is a line and a column in characters")
    func places() {
        for (text, place) in [
            ("{\n  \"a\": 1,\n  \"b\" 2\n}", "got '2' (line 3, column 7)"), ("[1,]", "got ']' (line 1, column 4)"),
            ("[\"é😀\", x]", "got 'x' (line 1, column 8)"), ("[\n", "got the end (line 2, column 1)"),
        ] {
            expectError(.data, [place]) { _ = try JSONValue(text.utf8, file: "f", kind: .page) }
        }
    }

    @Test("Written lines: names in order, empty lists short, what is not finite as a text")
    func lines() {
        let value: JSONValue = [
            "b": [.integer(1), .double(.nan)], "a": [], "é": .double(-.infinity), "c": [:] as JSONValue,
        ]
        #expect(
            value.lines
                == "{\n  \"a\" : [],\n  \"b\" : [\n    1,\n    \"nan\"\n  ],\n  \"c\" : {},\n  \"é\" : \"-inf\"\n}\n")
    }
}

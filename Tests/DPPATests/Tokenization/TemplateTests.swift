import DPPA
import Foundation
import Testing

/// Templates against Jinja: see Fixtures/templates.
@Suite struct TemplateTests {
    static let file: JSONObject = {
        let bytes = (try? readBytes(fixtures + "/templates/cases.json")) ?? []
        return (try? JSONObject(bytes, file: "cases.json")) ?? JSONObject()
    }()
    static let values = (file["values"]?.object?.members ?? []).map { (key: $0.name, value: TemplateValue($0.value)) }
    static let cases = rows("cases")
    static let refused = rows("refused")

    struct Row: CustomTestStringConvertible, Sendable {
        var style: String
        var template: String
        var expected: String
        var testDescription: String { String(template.prefix(60)) }
    }

    static func rows(_ name: String) -> [Row] {
        (file[name]?.array ?? []).compactMap { row in
            guard let parts = row.array?.compactMap(\.string), parts.count == 3 else { return nil }
            return Row(style: parts[0], template: parts[1], expected: parts[2])
        }
    }

    private func template(_ row: Row) throws -> Template {
        try Template(row.template, label: "t", style: row.style == "chat" ? .chat : .mapping)
    }

    @Test func thereAreCases() { #expect(Self.cases.count > 80 && Self.refused.count > 40) }

    @Test(arguments: cases) func aTemplateGivesWhatJinjaGives(row: Row) throws {
        let text = try template(row).text(of: Self.values).string
        #expect(text.unicodeScalars.elementsEqual(row.expected.unicodeScalars), "\(text)")
    }

    @Test(arguments: refused) func whatIsNotReadIsNamedWithItsLine(row: Row) throws {
        let error = #expect(throws: DPPAError.self) { try template(row).text(of: Self.values) }
        let message = error?.message ?? ""
        #expect(
            message.contains(row.expected) && message.hasPrefix("t, line ") || message.contains("a pattern of t has"),
            "\(message)")
    }

    @Test func onlyTheTemplatesOwnPartsAreItsOwn() throws {
        let template = try Template(
            "<a>{{ x | trim }}<b>{{ 'c' ~ x }}{{ y }}{{ x | upper }}<d>", label: "t", style: .chat)
        let text = try template.text(of: [("x", .given(" <e> ")), ("y", .own("<f>"))])
        let bytes = Array(text.string.utf8)
        let own = text.ownRanges.map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(text.string == "<a><e><b>c <e> <f> <E> <d>")
        #expect(own == ["<a>", "<b>c", "<f>", "<d>"])
    }

    @Test func anExpressionAloneGivesItsValue() throws {
        func value(_ source: String) throws -> TemplateValue {
            try Template(source, label: "t", style: .mapping).value(of: Self.values)
        }
        #expect(try value("{{ answer }}").int == 2)
        #expect(try value("{{ answer }} ").string == "2 ")
        guard case .list(let choices) = try value("{{ choices.text }}") else {
            Issue.record("no list")
            return
        }
        #expect(choices.compactMap(\.string) == ["red", "green", "blue"])
    }

    /// Whatever stands there: an error, or a text, and soon.
    @Test func strayBytesOfTemplatesDoNoHarm() throws {
        var state: UInt64 = 7
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let pieces =
            Array("{}%#-+|.()[]'\"~ \n:,=").map(String.init) + ["if", "for", "x", "in", "endif", "1", "not", "é"]
        for _ in 0..<2000 {
            var source = Self.cases[draw(Self.cases.count)].template
            for _ in 0..<3 {
                let place = source.index(source.startIndex, offsetBy: draw(source.count + 1))
                source.insert(contentsOf: pieces[draw(pieces.count)], at: place)
            }
            do {
                _ = try Template(source, label: "t", style: .chat).text(of: Self.values)
            } catch let error as DPPAError {
                #expect(error.code == .data || error.code == .limit)
            }
        }
    }
}

import DPPA
import Foundation
import Testing

/// The README.md of a written model: its front matter, and what it tells.
@Suite("Model card")
struct ModelCardTests {
    private func model(_ label: String, _ origin: CheckpointOrigin = CheckpointOrigin()) -> RunRecord.Model {
        RunRecord.Model(
            label: label, name: origin.repository ?? label, path: "/home/somebody/" + label,
            written: ["/home/somebody/" + label], origin: origin, digest: String(repeating: "0", count: 32), tensors: 1,
            parameters: 12, dtypes: ["BF16": 1])
    }

    private func card(
        _ models: [RunRecord.Model], library: [String] = [], _ change: (inout RunRecord) -> Void = { _ in }
    ) -> String {
        var record = RunRecord(
            recipe: RunRecord.Recipe(name: "mine.lua", text: "return 1", library: library), options: [], models: models,
            date: Date(timeIntervalSince1970: 0))
        change(&record)
        let output = RunRecord.Output(
            name: nil, models: models.map(\.label), config: "a", tokenizer: "a", chatTemplate: "a", dtype: nil,
            tensors: 1)
        return ModelCard(record, output: output).markdown
    }

    private func front(_ card: String) -> String { card.components(separatedBy: "---\n")[1] }

    @Test("What hubs read of models of the cache")
    func frontMatter() {
        let licence = CheckpointOrigin.Licence(identifier: "apache-2.0")
        let text = card(
            [
                model(
                    "a",
                    CheckpointOrigin(
                        repository: "acme/base", revision: "0123", licence: licence, languages: ["en", "no"],
                        datasets: ["x/y"])),
                model(
                    "b",
                    CheckpointOrigin(
                        repository: "acme/law", licence: licence, languages: ["no", "de"], datasets: ["c: d", "x/y"])),
            ], library: ["delta_of", "dp", "dpa", "ties"])
        #expect(
            front(text) == """
                base_model:
                - acme/base
                - acme/law
                base_model_relation: merge
                library_name: transformers
                tags:
                - merge
                - dppa
                - ties
                - dppa-run
                license: apache-2.0
                language:
                - en
                - "no"
                - de
                datasets:
                - x/y
                - "c: d"

                """)
    }

    @Test("Of a search the card says in a sentence which factors the model has, beside the best", arguments: [0, 1])
    func factors(taken: Int) {
        let rows: [[ReportTable.Cell]] = [(1.8, 0.5), (1.9, 0.75)].enumerated().map { row, numbers in
            [.number(numbers.0), .number(numbers.1), row == taken ? .text("taken") : .nothing]
        }
        let text = card([model("a")]) {
            $0.tables = [
                ReportTable(name: "found", columns: ["factor 1", "objective", "taken"], rows: rows),
                ReportTable(name: "other", columns: ["x"], rows: [[.number(1)]]),
            ]
        }
        let sentence =
            taken == 1
            ? "The model has factor 1 = 1.9 (candidate 2: objective 0.75), the best of 2."
            : "The model has factor 1 = 1.8 (candidate 1: objective 0.5); the best of 2 is factor 1 = 1.9 (candidate 2: objective 0.75)."
        #expect(text.contains("## found\n\n\(sentence)\n\n| factor 1 |"), "\(text)")
        #expect(text.contains("## other\n\n| x |"), "\(text)")
    }

    @Test("Nothing is invented: no names, and no licence unless every model states the same")
    func unknown() {
        let plain = front(card([model("a"), model("b")]))
        #expect(plain == "library_name: transformers\ntags:\n- merge\n- dppa-run\n")
        func licences(_ licences: CheckpointOrigin.Licence?...) -> Bool {
            front(card(licences.map { model("a", CheckpointOrigin(licence: $0)) })).contains("license")
        }
        let (mit, other) = (
            CheckpointOrigin.Licence(identifier: "mit"),
            CheckpointOrigin.Licence(identifier: "other", name: "x", link: "https://x")
        )
        #expect(licences(mit, mit) && licences(other, other))
        #expect(!licences(mit, nil) && !licences(nil, mit) && !licences(mit, other))
        #expect(!licences(other, CheckpointOrigin.Licence(identifier: "other", name: "y", link: "https://x")))
    }

    @Test(
        "Texts of strangers are texts in YAML",
        arguments: [
            ("apache-2.0", "apache-2.0"), ("no", "\"no\""), ("Yes", "\"Yes\""), ("null", "\"null\""),
            ("1e3", "\"1e3\""), ("a: b", "\"a: b\""), ("- x", "\"- x\""), ("#x", "\"#x\""), ("\"\\", "\"\\\"\\\\\""),
            ("a\nb: c", "\"a\\u000Ab: c\""), ("---", "\"---\""), ("é", "\"é\""), ("\u{2028}", "\"\\u2028\""),
            ("\u{85}", "\"\\u0085\""), ("", "\"\""), ("[x]", "\"[x]\""), ("org/name_1", "org/name_1"),
        ])
    func yaml(text: String, expected: String) {
        let card = card([model("a", CheckpointOrigin(licence: CheckpointOrigin.Licence(identifier: text)))])
        #expect(front(card).contains("license: \(expected)\n"))
    }

    @Test("Options, scores, printed lines, warnings and modules, without local folders")
    func body() {
        let text = card([model("a"), model("b", CheckpointOrigin(repository: "acme/law"))]) { record in
            record.recipe.modules = [("half", "return 0.5 -- ```")]
            record.options = [
                RunRecord.Option(name: "density", given: "0.3", value: .number(0.3)),
                RunRecord.Option(
                    name: "experts", given: "/home/somebody/a,/home/somebody/b",
                    value: .list([.text("/home/somebody/a"), .text("/home/somebody/b")])),
                RunRecord.Option(name: "seed", value: .integer(7)),
            ]
            record.dtype = .bf16
            record.scores = [
                RunRecord.ScoredModel(
                    model: "a | b",
                    score: Score(
                        task: "law", metric: .exactMatch, value: 0.5, standardError: 0.0625, count: 64, seconds: 1))
            ]
            record.printed = ["tried <b>1</b>\n```"]
            record.warnings = ["warning: a has 3 infinite or NaN elements"]
        }
        #expect(!text.contains("/home"))
        #expect(text.contains("| `density` | 0.3 | given |") && text.contains("| `seed` | 7 | default |"))
        #expect(text.contains("| `experts` | a, b=acme/law | given |"))
        #expect(
            text.contains("dppa-run run mine.lua --set density=0.3 --set experts=a,b=acme/law --dtype bf16 --out again")
        )
        #expect(text.contains("| `a \\| b` | law | exact_match | 0.5 | 0.0625 | 64 |"))
        #expect(text.contains("````\ntried <b>1</b>\n```\n````"))
        #expect(text.contains("```\nwarning: a has 3 infinite or NaN elements\n```"))
        #expect(text.contains("`lib/half.lua`:\n\n````lua\nreturn 0.5 -- ```\n````"))
        #expect(text.contains("| `b` | `acme/law` | – | – | 12 | BF16 | `sampled 00000000000000000000000000000000` |"))
    }

    @Test("A text of a stranger cannot end its cell or begin a headline")
    func cells() {
        let text = card([model("a|`b\n# c")]) { record in
            record.options = [RunRecord.Option(name: "x", given: "y", value: .text("a|b <i> \n# d `e`"))]
        }
        #expect(text.contains("| `a\\|'b # c` |") && text.contains("| a\\|b \\<i\\>  # d \\`e\\` |"))
        #expect(!text.contains("\n# c"))
    }
}

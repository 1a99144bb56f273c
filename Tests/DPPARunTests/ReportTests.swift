import DPPA
import DPPAScript
import Foundation
import Testing

/// The page that a run writes for reading: its structure, and its numbers beside naive loops.
@Suite struct ReportTests {
    private let program = CommandLineTests()
    private let recipe = Folders.fixtures + "/report/page.lua"
    private let labels = ["base", "maths", "law"]

    private func command(_ verb: String, _ scratch: Scratch, layers: Int, _ more: [String] = []) throws -> [String] {
        try TinyModels.write(labels, layers: layers, in: scratch.path)
        let paths = labels.map { scratch.path + "/" + $0 }
        return [
            verb, recipe, "--quiet", "--set", "base=\(paths[0])", "--set", "experts=\(paths[1]),\(paths[2])",
        ] + more
    }

    private func page(_ path: String) throws -> (html: String, tree: PageTree.Element) {
        let html = try String(contentsOfFile: path, encoding: .utf8)
        let tree = PageTree(html)
        #expect(tree.fault == nil)
        return (html, tree.root)
    }

    @Test(arguments: [1, 3, 12])
    func thePageIsWellFormedStandsAloneAndHasItsLayersInOrder(_ layers: Int) throws {
        let scratch = try Scratch()
        let file = scratch.path + "/page.html"
        let result = try program.dppaRun(
            command("run", scratch, layers: layers, ["--out", scratch.path + "/out", "--report", file]))
        #expect(result.code == 0, "\(result.errors)")
        let (html, tree) = try page(file)
        let elements = tree.all
        let ids = elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        for element in elements {
            for (name, value) in element.attributes {
                #expect(!["src", "srcset", "data", "poster", "action"].contains(name), "\(element.name) \(name)")
                #expect(!value.contains("://") && !value.contains("url("), "\(value)")
                if name == "href" { #expect(value.hasPrefix("#") && ids.contains(String(value.dropFirst()))) }
            }
        }
        let style = try #require(elements.first { $0.name == "style" }).text
        for word in ["url(", "@import", "://"] { #expect(!style.contains(word)) }
        #expect(style.contains("prefers-color-scheme: dark") && style.contains("@media print"))
        #expect(html.contains("default-src 'none'"))

        // Everything that came from the recipe is text.
        #expect(
            html.contains("&lt;b&gt;not bold&lt;/b&gt;")
                && elements.allSatisfy { $0.words != "not bold" || $0.name != "b" })
        let figures = tree.all("figure")
        #expect(figures.count > 5 && tree.all("nav").count == 1)
        for figure in figures {
            #expect(figure.all("figcaption").first?.words.isEmpty == false)
            #expect(figure.words.contains { $0.isNumber }, "\(figure.words)")
            for label in figure.all("div", "heat") { #expect(label.attributes["aria-label"]?.contains("mean") == true) }
            // One scale for the panels of a figure, with a number at each end.
            guard !figure.all("div", "heat").isEmpty else { continue }
            let ends = figure.all("div", "legend").flatMap { $0.all("span") }.map(\.words)
            #expect(ends.count == 2 && ends.allSatisfy { $0.contains(where: \.isNumber) })
        }
        let numbers = (0..<layers).map(String.init)
        for heat in tree.all("div", "heat") {
            let ticks = heat.all("span", "tick").map(\.words)
            #expect(ticks.count == layers && zip(ticks, numbers).allSatisfy { $0.isEmpty || $0 == $1 })
            #expect(ticks.first == "0")
            let titles = heat.all("i").compactMap { $0.attributes["title"] }
            for (index, title) in titles.enumerated() {
                #expect(title.contains("layer \(index % layers): ") && title.contains(where: \.isNumber), "\(title)")
            }
        }
        for word in ["kept", "size by layer", "square", "positive elements of …", "mean size"] {
            #expect(tree.words.contains(word), "\(word)")
        }
        guard layers > 1 else { return }
        let bars = try #require(figures.first { $0.all("h3").first?.words == "size by layer" })
        #expect(bars.all("h4").map { $0.text.split(separator: " ").first.map(String.init) } == ["maths", "law"])
        let layersShown = bars.all("i").compactMap { $0.attributes["title"]?.prefix { $0 != ":" } }.map(String.init)
        #expect(layersShown == (numbers + numbers).map { "layer \($0)" })
        // The same axis for both experts.
        #expect(Set(bars.all("div", "area").map { $0.all("b").map(\.words) }).count == 1)
    }

    @Test func theHeadSaysWhatWasDoneAndThePrintedLinesAreThere() throws {
        let scratch = try Scratch()
        let (file, out) = (scratch.path + "/page.html", scratch.path + "/out dir")
        let arguments = try command(
            "run", scratch, layers: 2, ["--out", out, "--report", file, "--dtype", "f32", "--seed", "7"])
        // The recipe has no option for a seed, which is an error that says so.
        #expect(try program.dppaRun(arguments).code == 64)
        #expect(try program.dppaRun(Array(arguments.dropLast(2))).code == 0)
        let tree = try page(file).tree
        let facts = zip(tree.all("dt").map(\.words), tree.all("dd").map(\.words))
        let heads = Dictionary(facts.map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
        #expect(heads["dtype"] == "F32" && heads["written"] == out)
        #expect(heads["date"]?.hasSuffix(" UTC") == true)
        #expect(heads["command"]?.hasPrefix("dppa-run run ") == true)
        #expect(heads["command"]?.contains("--out '\(out)'") == true)
        #expect(tree.all("p", "lead").first?.words.contains(" merged maths and law into base in ") == true)
        #expect(tree.words.contains("merged 2 experts, <b>not bold</b>"))
        #expect(tree.words.contains(scratch.path + "/maths"))
    }

    @Test func whatWasMeasuredWasNotMerged() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/page.html"
        #expect(try program.dppaRun(command("measure", scratch, layers: 2, ["--report", file])).code == 0)
        let tree = try page(file).tree
        let lead = tree.all("p", "lead").first?.words ?? ""
        #expect(lead.contains("measured") && !lead.contains("merged") && lead.contains("no model was written"))
        #expect(!tree.all("h2").map(\.words).contains("Deltas") && !tree.words.contains("0.0 s"))
    }

    @Test func aSearchShowsItsErrorsTheBestAndWhatTheModelHas() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/page.html"
        #expect(
            try program.dppaRun(command("run", scratch, layers: 2, ["--out", scratch.path + "/o", "--report", file]))
                .code == 0)
        let tree = try page(file).tree
        let figure = try #require(tree.all("figure").first { $0.words.contains("Candidates: factors of law") })
        #expect(figure.all("i", "point").count == 24 && figure.all("i", "error").count == 12 + 1)
        let marked = { (style: String) in
            figure.all("i", style).compactMap { $0.attributes["title"]?.prefix { $0 != ":" } }.map(String.init)
        }
        #expect(marked("best") == ["factor 1 = 1.6", "factor 1 = 1.6"])
        #expect(marked("taken") == ["factor 1 = 1.9", "factor 1 = 1.9"])
        #expect(figure.all("h4").map { $0.text.trimmingCharacters(in: .whitespaces) } == ["objective", "law"])
        #expect(
            tree.words.contains(
                "The model has factor 1 = 1.9 (candidate 9: objective 0.435; law 0.335 ± 0.03); the best of 12 is factor 1 = 1.6 (candidate 6"
            ))
        let row = try #require(tree.all("tr", "marked").first { $0.words.contains("taken") })
        #expect(row.words.contains("0.435"))
    }

    /// What the JSON says of the deltas, beside loops over the files.
    @Test func theDeltasOfARunAreThoseOfItsFiles() throws {
        let scratch = try Scratch()
        try TinyModels.write(labels, layers: 11, in: scratch.path)
        let (file, json, out) = (scratch.path + "/page.html", scratch.path + "/run.json", scratch.path + "/out")
        let paths = labels.map { scratch.path + "/" + $0 }
        let arguments = [
            "run", Folders.recipes + "/ties.lua", "--quiet", "--set", "base=\(paths[0])", "--set",
            "experts=\(paths[1]),\(paths[2])", "--out", out, "--dtype", "f32",
        ]
        #expect(try program.dppaRun(arguments + ["--report", file, "--json", json]).code == 0)
        let fields = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
        let output = try #require((fields["outputs"] as? [[String: Any]])?.first)
        let deltas = try #require(output["deltas"] as? [String: Any])
        #expect(deltas["reference"] as? String == "base" && deltas["is_base"] as? Bool == true)
        let tensors = try #require(deltas["tensors"] as? [String: [String: Any]])
        let models = try (paths + [out]).map { try Written($0) }
        #expect(tensors.count == models[0].tensors.count)
        var whole = (changed: 0, kept: 0)
        for name in models[0].tensors.keys {
            let values = models.map { $0.floats(name) }
            let (d, merged) = (zip(values[2], values[0]).map { $0 - $1 }, zip(values[3], values[0]).map { $0 - $1 })
            let changed = d.count { $0 != 0 }
            let kept = zip(d, merged).count { $0 != 0 && $1 != 0 }
            let agreeing = zip(d, merged).count { $0 != 0 && $1 != 0 && ($0 > 0) == ($1 > 0) }
            whole = (whole.changed + changed, whole.kept + kept)
            func square(_ x: [Float]) -> Double { x.reduce(0) { $0 + Double($1) * Double($1) } }
            let product = zip(d, merged).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let law = try #require((tensors[name]?["experts"] as? [String: [String: Any]])?["law"])
            func number(_ key: String) -> Double { law[key] as? Double ?? .nan }
            #expect(law["changed"] as? Int == changed && law["kept"] as? Int == kept)
            #expect(law["agreeing"] as? Int == agreeing && law["elements"] as? Int == d.count)
            #expect(abs(number("kept_share") - Double(kept) / Double(changed)) < 1e-12)
            #expect(abs(number("relative_norm") - (square(d) / square(values[0])).squareRoot()) < 1e-9)
            #expect(abs(number("cosine") - product / (square(d) * square(merged)).squareRoot()) < 1e-9)
            #expect(
                tensors[name]?["survived_share"] as? Double == 1 && tensors[name]?["rounding_error"] as? Double == 0)
        }
        let law = try #require((deltas["experts"] as? [String: [String: Any]])?["law"])
        #expect(law["kept_share"] as? Double == Double(whole.kept) / Double(whole.changed))
        // The page says the same, and has a row for each tensor and model, layer 2 before layer 10.
        let tree = try page(file).tree
        let summary = try #require(tree.all("table").first { $0.words.contains("sign agreement") })
        #expect(summary.all("tr").count == 4)
        let shown = try #require(summary.all("tr").first { $0.words.contains("law") }?.all("td")[3])
        let share = try #require(shown.attributes["data-v"].flatMap(Double.init))
        #expect(share == Double(whole.kept) / Double(whole.changed) && shown.words.hasSuffix(" %"))
        let rows = tree.all("details").flatMap { $0.all("tr") }.dropFirst().map { $0.all("td")[0].words }
        #expect(rows.count == 3 * models[0].tensors.count)
        let two = try #require(rows.firstIndex { $0.contains("layers.2.") })
        let ten = try #require(rows.firstIndex { $0.contains("layers.10.") })
        #expect(two < ten)
        #expect(tree.all("figure").count >= 5)
        // Reading costs nothing: the same run without files to tell of it.
        let plain = try run(
            Folders.recipes + "/ties.lua", ["base": paths[0], "experts": "\(paths[1]),\(paths[2])"], dtype: .f32,
            in: scratch)
        #expect(plain.outcome.report.bytesRead == fields["bytes_read"] as? Int)
        #expect(plain.outcome.report.passes == fields["passes"] as? Int)
    }

    @Test func aDeltaThatRoundingTakesAwayIsWarnedOf() throws {
        let scratch = try Scratch()
        let recipe = Folders.recipes + "/task_arithmetic.lua"
        let faint = try run(recipe, ["lambda": "0.02"], in: scratch).outcome.record
        let warning = try #require(faint.warnings.first)
        #expect(warning.hasPrefix("warning: rounding to ") && warning.contains("as in base again\n"))
        #expect(warning.contains("keep them with --dtype f32"))
        // The share is that of the files.
        let (base, exact, rounded) = try (
            Written(Folders.recipes + "/zoo/base"), run(recipe, ["lambda": "0.02"], dtype: .f32, in: scratch).model,
            run(recipe, ["lambda": "0.02"], in: scratch).model
        )
        var (changed, survived) = (0, 0)
        for name in base.tensors.keys {
            let (before, after, written) = (base.floats(name), exact.floats(name), rounded.floats(name))
            changed += zip(before, after).count { $0 != $1 }
            survived += zip(before, written).count { $0 != $1 }
        }
        let compared = try run(recipe, ["lambda": "0.02"], in: scratch) { $0.comparesDeltas = true }.outcome.record
        let merged = try #require(compared.outputs.first?.deltas).statistics.merged
        #expect(compared.warnings.first?.hasPrefix("warning: rounding to ") == true)
        #expect(merged.changed == changed && merged.survived == survived && survived * 2 < changed)
        #expect(try run(recipe, ["lambda": "0.02"], dtype: .f32, in: scratch).outcome.record.warnings.isEmpty)
        #expect(try run(recipe, in: scratch).outcome.record.warnings.isEmpty)
    }

    @Test func aMeanHasNoBaseAndThePageSaysSo() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/page.html"
        let result = try program.dppaRun([
            "run", Folders.recipes + "/average.lua", "--quiet", "--out", scratch.path + "/out", "--report", file,
        ])
        #expect(result.code == 0 && !result.errors.contains("rounding"))
        #expect(try page(file).tree.words.contains("The recipe adds nothing to a base; δ is a model minus "))
    }

    @Test func aTerminalSeesALineForEachNameAndMoreOnRequest() throws {
        let scratch = try Scratch()
        let arguments = try command("measure", scratch, layers: 48)
        let short = try program.dppaRun(arguments)
        let lines = short.output.split(separator: "\n", omittingEmptySubsequences: false)
        let curves = lines.filter { $0.contains(where: "▁▂▃▄▅▆▇█".contains) }
        #expect(short.code == 0 && curves.count == 8)
        #expect(curves.allSatisfy { line in line.count { "▁▂▃▄▅▆▇█".contains($0) } == 48 })
        #expect(short.output.contains("--all shows every one"))
        let all = try program.dppaRun(arguments + ["--all"]).output
        // Of each expert: two values by tensor, two by layer.
        let count = 2 * (2 * TinyModels.shapes(48).count - 50 + 2 * 48)
        #expect(
            all.split(separator: "\n").count { $0.hasPrefix("  model.layers.") || $0.hasPrefix("  model.") } == count)
        let order = all.split(separator: "\n").filter { $0.hasPrefix("  model.layers.") }
        let two = try #require(order.firstIndex { $0.contains("layers.2 ") })
        let ten = try #require(order.firstIndex { $0.contains("layers.10 ") })
        #expect(two < ten)
        let extremes = try program.dppaRun(arguments + ["--top", "3"]).output
        #expect(extremes.split(separator: "\n").count { $0.hasPrefix("  model.") } == 8 * 6)
        #expect(try program.dppaRun(arguments + ["--top", "0"]).code == 64)
    }

    @Test func aPlanThatEndsBeforeTheModelDoesNotSayWhatIsWritten() throws {
        let plan = try program.dppaRun(["plan", Folders.recipes + "/dppa.lua"])
        #expect(plan.code == 0 && plan.output.contains("writes    not known: it depends on what line "))
        #expect(!plan.output.contains("0 kB\npasses"))
        let full = try program.dppaRun(["plan", Folders.recipes + "/ties.lua"])
        #expect(full.output.contains("writes    5 MB"))
    }
}

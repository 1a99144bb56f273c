import DPPA
import Foundation
import Testing

/// The tree of a model's parents, from cards, adapters' configurations and locks.
@Suite struct LineageTests {
    private let scratch: Scratch
    private let zoo = Folders.recipes + "/zoo"

    init() throws { scratch = try Scratch() }

    private func lineage(_ arguments: String...) throws -> (result: CommandLineTests.Result, root: JSONValue) {
        let json = scratch.path + "/tree.json"
        let result = try CommandLineTests().dppaRun(["lineage"] + arguments + ["--json", json])
        guard result.code == 0 else { return (result, .null) }
        return (result, try JSONValue(Data(contentsOf: URL(fileURLWithPath: json)), file: json, kind: .page))
    }

    private func card(_ model: String, _ front: String) throws {
        _ = try scratch.write("---\n\(front)\n---\n# A model\n", "models/\(model)/README.md")
    }

    private func names(_ member: JSONValue?) -> [String] {
        (member?["parents"]?.array ?? []).compactMap { $0["name"]?.string }
    }

    private func notes(_ member: JSONValue?) -> [String] { (member?["notes"]?.array ?? []).compactMap(\.string) }

    @Test func cardsAndAdaptersAreFollowed() throws {
        try card("merged", "base_model:\n- acme/math\n- acme/law\nbase_model_relation: merge\nlicense: mit")
        try card("math", "base_model: acme/base\nbase_model_relation: finetune\nlicense: apache-2.0")
        try card("base", "license: other\nlicense_name: own-words")
        _ = try scratch.write("{\"base_model_name_or_path\": \"/home/x/base\"}", "models/law/adapter_config.json")
        let (result, root) = try lineage(scratch.path + "/models/merged")
        #expect(result.code == 0, "\(result.errors)")
        #expect(names(root) == ["acme/math", "acme/law"])
        let parents = root["parents"]?.array ?? []
        #expect(names(parents.first) == ["acme/base"] && names(parents.last) == ["/home/x/base"])
        #expect(parents.last?["parents"]?.array?.first?["relation"]?.string == "adapter")
        #expect(notes(root) == ["it states the licence mit, its parent acme/math states apache-2.0"])
        #expect(
            notes(parents.first)
                == ["it states the licence apache-2.0, its parent acme/base states other (own-words)"])
        #expect(
            result.output.contains("├─ acme/math: merge; licence apache-2.0; named in README.md"), "\(result.output)")
        #expect(result.output.contains("│  └─ acme/base: finetune; licence other (own-words)"), "\(result.output)")
    }

    @Test func circlesAndMissingParentsAreTold() throws {
        try card("a", "base_model: b")
        try card("b", "base_model:\n- a\n- nowhere/c\nlicense: mit")
        let (result, root) = try lineage(scratch.path + "/models/a")
        #expect(result.code == 0, "\(result.errors)")
        let b = root["parents"]?.array?.first
        #expect(names(b) == ["a", "nowhere/c"])
        let parents = b?["parents"]?.array ?? []
        #expect(notes(parents.first).first?.contains("in a circle") == true)
        #expect(notes(parents.last) == ["not on this machine"] && parents.last?["path"]?.isNull == true)
    }

    @Test func parentsWithDifferentLicencesAreToldApart() throws {
        try card("m", "base_model: [x, y]")
        try card("x", "license: mit")
        try card("y", "license: gpl-3.0")
        let (_, root) = try lineage(scratch.path + "/models/m")
        #expect(notes(root) == ["its parents state different licences: x mit, y gpl-3.0"])
    }

    @Test func locksNameParentsAndTheirDigests() throws {
        let out = scratch.path + "/out"
        let run = try CommandLineTests().dppaRun([
            "run", "ties", "--out", out, "--set", "base=\(zoo)/base", "--set", "experts=\(zoo)/law", "--quiet",
        ])
        #expect(run.code == 0, "\(run.errors)")
        let (same, root) = try lineage(out, "--models", zoo)
        #expect(same.code == 0 && names(root) == ["base", "law"], "\(same.errors)")
        for parent in root["parents"]?.array ?? [] {
            #expect(notes(parent).isEmpty && parent["path"]?.string?.hasPrefix(zoo) == true, "\(parent)")
        }
        // What the card calls by its repository is there once.
        _ = try scratch.write("---\nbase_model: [acme/base]\nbase_model_relation: merge\n---\n", "out/README.md")
        let both = try lineage(out, "--models", zoo).root
        #expect(names(both) == ["acme/base", "law"])
        #expect(both["parents"]?.array?.first?["sources"]?.array?.count == 2)
        let missing = try lineage(out)
        #expect(missing.root["parents"]?.array?.allSatisfy { notes($0) == ["not on this machine"] } == true)
        // Another model under the same name.
        let models = scratch.path + "/others"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: zoo + "/math", toPath: models + "/law")
        let other = try lineage(out, "--models", models)
        let law = other.root["parents"]?.array?.last
        #expect(notes(law).first?.hasPrefix("is another model now than the lock was made of") == true, "\(notes(law))")
    }

    @Test func whatHasNoParentsIsOneLine() throws {
        let (result, root) = try lineage(zoo + "/base")
        #expect(result.code == 0 && names(root).isEmpty, "\(result.errors)")
        let file = try lineage(zoo + "/base/model.safetensors")
        #expect(file.result.code == 65 && file.result.errors.contains("name the model's folder"))
    }
}

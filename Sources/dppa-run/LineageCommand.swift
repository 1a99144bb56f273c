import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run lineage`: what a model was made of, and what that was made of.
struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Show the tree of a model's parents, with their licences.",
        usage: "dppa-run lineage <model> [<options>]",
        discussion: """
            Parents are those that a model's files name: base_model in the head of README.md, the base in adapter_config.json, \
            and the models of recipe.lock.json. Each is looked for beside the model, in the folders of --models and in the \
            Hugging Face cache, and followed as far as it is there. A parent that is no longer what the lock was made of is \
            told. Licences are those that cards state; where they differ, the command says so and nothing more.

            Example:
              dppa-run lineage merged --models path/to/models
            """)

    @Argument(
        help: "A model: a directory, or org/name in the Hugging Face cache.", completion: .directory)
    var model: String

    @Option(
        help: ArgumentHelp("A folder in which parents are looked for; may be repeated.", valueName: "directory"),
        completion: .directory)
    var models: [String] = []

    @OptionGroup var output: JSONOption

    func run() throws {
        do {
            let json = try output.file(apartFrom: [model])
            let path = try InputPath.model(model)
            guard RecipeLookup.isFolder(path) else {
                throw DPPAError(
                    .data, "\(model) is a file, and its parents are named in files beside it",
                    notes: ["name the model's folder"])
            }
            let finder = ParentFinder(roots: models, hub: HubCache(ProcessInfo.processInfo.environment))
            let lineage = try ModelLineage(of: path, name: model, find: finder.find)
            if let json { try JSONFile.write(LineageText(lineage).json, to: json) }
            Console.table(LineageText(lineage).lines)
        } catch {
            throw Console.fail(error)
        }
    }
}

/// Where the parents of models are on this machine.
private struct ParentFinder {
    let roots: [String]
    let hub: HubCache

    /// The place of a parent that the files of a child name: `org/name`, or the name or the path of a folder.
    ///
    /// A path of the machine that the child was made on is followed by its last part alone, so that no file of a stranger
    /// makes the program look elsewhere.
    func find(_ name: String, _ child: String) -> String? {
        let last = RunRecord.Option.Value.lastComponent(name)
        guard !last.isEmpty, last != ".", last != "..", !last.contains("\0") else { return nil }
        let folder = URL(fileURLWithPath: child).standardizedFileURL.deletingLastPathComponent().path
        let own = FilePath(child).real
        let isPlain = !name.hasPrefix("/") && !name.split(separator: "/").contains("..") && !name.contains("\0")
        for root in [folder] + roots {
            for candidate in isPlain ? [name, last] : [last] {
                let path = root + "/" + candidate
                // A model that has its parent's name is not its own parent.
                if RecipeLookup.isFolder(path), FilePath(path).real != own { return path }
            }
        }
        return hub.snapshot(name)
    }
}

/// The tree as text and as JSON.
private struct LineageText {
    private let root: ModelLineage.Member

    init(_ lineage: ModelLineage) { root = lineage.root }

    var lines: [String] { Self.lines(root, first: "", rest: "") }

    var json: JSONValue { Self.json(root) }

    private static func lines(_ member: ModelLineage.Member, first: String, rest: String) -> [String] {
        var facts = [member.relation].filter { !$0.isEmpty }
        facts.append(member.licence.map { "licence \($0)" } ?? "no licence stated")
        if member.path == nil { facts.removeLast() }
        if let revision = member.revision { facts.append("at \(revision)") }
        if !member.sources.isEmpty { facts.append("named in \(member.sources.joined(separator: ", "))") }
        var lines = [first + member.name.shown + ": " + facts.map(\.shown).joined(separator: "; ")]
        let bar = member.parents.isEmpty ? "  " : "│ "
        lines += member.notes.map { "\(rest)\(bar)  note: \($0.shown)" }
        for (index, parent) in member.parents.enumerated() {
            let isLast = index == member.parents.count - 1
            lines += Self.lines(
                parent, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "))
        }
        return lines
    }

    private static func json(_ member: ModelLineage.Member) -> JSONValue {
        [
            "name": .string(member.name), "relation": .string(member.relation), "sources": JSONValue(member.sources),
            "revision": JSONValue(member.revision), "path": JSONValue(member.path),
            "licence": JSONValue(member.licence),
            "notes": JSONValue(member.notes), "parents": .array(member.parents.map(json)),
        ]
    }
}

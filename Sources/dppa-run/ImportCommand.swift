import ArgumentParser
import DPPA
import DPPAImport
import Foundation
import SystemPackage

/// `dppa-run import`: a recipe made of a mergekit configuration, or of a call of PEFT's.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a recipe of a mergekit configuration, or of a call of PEFT's add_weighted_adapter.",
        discussion: """
            A configuration of mergekit, or of mergekit-moe. The recipe computes mergekit's numbers (compat = "mergekit") and is there to be read and changed. What cannot be carried \
            over is told, and a line of the recipe fails until somebody has decided: docs/from-mergekit.md.

            A call of PEFT's add_weighted_adapter is a JSON or YAML file with its arguments and the base:
            {"base": "base", "adapters": ["a", "b"], "weights": [0.7, 0.3], "combination_type": "svd", "svd_rank": 16}

            Examples:
              dppa-run import merge.yml
              dppa-run import merge.yml --out merge.lua
              dppa-run import adapters.json --out adapters.lua
            """)

    @Argument(help: "The YAML or JSON file.", completion: .file(extensions: ["yml", "yaml", "json"]))
    var file: String

    @Option(
        help: ArgumentHelp("The recipe to write; otherwise it is shown.", valueName: "recipe"),
        completion: .file(extensions: ["lua"]))
    var out: String?

    func run() throws {
        var sources: [String: String] = [:]
        do {
            let target = try out.map { try WrittenFile($0) }
            if let target, target.target != nil, target.target == FilePath(file).real {
                throw DPPAError(.usage, "--out is the file that is read", notes: ["name a recipe: --out merge.lua"])
            }
            let beside = target.flatMap { $0.isStandardOutput ? nil : $0.given }.map(Self.template)
            let bytes = try FileDescriptor.contents(file, limit: 16 << 20)
            // A line of a megabyte helps nobody who looks for a mistake in it.
            if bytes.split(separator: UInt8(ascii: "\n")).allSatisfy({ $0.count <= 400 }) {
                sources[file] = String(decoding: bytes, as: UTF8.self)
            }
            let made = try MergekitImport(
                bytes, file: file, templateName: beside.flatMap { FilePath($0).lastComponent?.string })
            if let text = made.template, let beside { try WrittenFile(beside).write(text.utf8) }
            try target?.write(made.text.utf8)
            for warning in made.warnings { Console.error(warning) }
            if target == nil {
                Console.output(String(made.text.dropLast()))
            } else if let out, target?.isStandardOutput == false {
                Console.output("wrote \(out); try: dppa-run check \(out)")
            }
        } catch {
            throw Console.fail(error, sources: sources)
        }
    }

    /// The file of a chat template beside a recipe.
    private static func template(_ recipe: String) -> String {
        (recipe.hasSuffix(".lua") ? String(recipe.dropLast(4)) : recipe) + ".jinja"
    }
}

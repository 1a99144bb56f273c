import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// Where a recipe is that the command line names: a file, with or without `.lua`, a written model that holds its recipe, or one
/// that ships with the program.
enum RecipeLookup {
    /// The recipe's file, or the folder of the model that holds it.
    ///
    /// A file of the person's own comes before one that ships, which goes by its method's other names too. Throws
    /// `missingInput` with what may be meant.
    static func path(_ given: String) throws -> String {
        if ["yml", "yaml", "json"].contains(FilePath(given).extension), isFile(given), !RecordedRecipe.isLock(given) {
            let what = given.hasSuffix(".json") ? "JSON, as calls of PEFT are written" : "YAML, as mergekit reads it"
            throw DPPAError(
                .usage, "\(given) is \(what); a recipe is Lua",
                notes: ["make a recipe of it: dppa-run import \(given) --out \(stem(given)).lua"])
        }
        let recorded = ["recipe.lua", RecipeLock.fileName].map { FilePath(given).appending($0).string }
        if isFile(given) || (isFolder(given) && recorded.contains(where: isFile)) { return given }
        if !given.isEmpty, isFile(given + ".lua") { return given + ".lua" }
        if !given.contains("/"), let shipped = try shippedRecipe(stem(given)) { return shipped }
        if isFolder(given) { throw RecordedRecipe.absence(given) }
        throw DPPAError(.missingInput, "there is no recipe '\(given)'", notes: advice(given))
    }

    /// The recipes that ship: their files by their names.
    static let shipped: [String: String] = {
        guard let folder = shippedFolder else { return [:] }
        return Dictionary(
            recipes(in: folder).map { (stem($0), FilePath(folder).appending($0).string) },
            uniquingKeysWith: { first, _ in first })
    }()

    /// The recipe that ships under a name, or under the name that other programs have for its method.
    private static func shippedRecipe(_ name: String) throws -> String? {
        try shipped[name] ?? LibraryMethods.module(alias: name).flatMap { shipped[$0] }
    }

    /// The folder of the recipes that ship: `share/dppa/recipes` beside the program's folder, or that of the checkout that the
    /// program was built in.
    static let shippedFolder: String? = {
        guard let program = FilePath("/proc/self/exe").real else { return nil }
        let installed = program.folder.folder.appending("share/dppa/recipes").string
        if isFolder(installed) { return installed }
        var folder = program.folder
        while !folder.components.isEmpty {
            if isFile(folder.appending("Package.swift").string), isFolder(folder.appending("recipes").string) {
                return folder.appending("recipes").string
            }
            folder = folder.folder
        }
        return nil
    }()

    /// What shells complete the name of a recipe with: folders, files that may be recipes, and the recipes that ship.
    static let completion = CompletionKind.custom { _, _, typed in
        let (folder, begun) =
            typed.lastIndex(of: "/").map {
                (String(typed[...$0]), typed[typed.index(after: $0)...])
            } ?? ("", typed[...])
        let names = entries(folder.isEmpty ? "." : folder).filter { $0.hasPrefix(begun) }
        let found = names.compactMap { name -> String? in
            if isFolder(folder + name) { return folder + name + "/" }
            return name.hasSuffix(".lua") ? folder + name : nil
        }
        return found + (folder.isEmpty ? shipped.keys.sorted() : [])
    }

    private static func advice(_ given: String) -> [String] {
        let folder = FilePath(given).folder.string
        var places = Dictionary(
            recipes(in: folder).map { (stem($0), folder == "." ? $0 : FilePath(folder).appending($0).string) },
            uniquingKeysWith: { first, _ in first })
        for name in shipped.keys where places[name] == nil { places[name] = name }
        let near = Suggestions.nearest(to: stem(given), among: Array(places.keys)).compactMap { places[$0] }
        let meant = near.isEmpty ? [] : ["did you mean \(near.map { "'\($0)'" }.joined(separator: ", "))?"]
        return meant + (shipped.isEmpty ? [] : ["recipes that ship: \(shipped.keys.sorted().joined(separator: ", "))"])
    }

    private static func recipes(in folder: String) -> [String] { entries(folder).filter { $0.hasSuffix(".lua") } }

    static func entries(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }

    private static func stem(_ path: String) -> String {
        let name = FilePath(path).name
        for ending in [".lua", ".yml", ".yaml", ".json"] where name.hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return name
    }

    private static func isFile(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }

    static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}

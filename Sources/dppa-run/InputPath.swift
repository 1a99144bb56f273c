import DPPA
import DPPAScript
import Foundation

/// What commands read that the person at the keyboard names.
enum InputPath {
    /// A model's directory or file: a path, or `org/name` in the local Hugging Face cache, with `@revision` if one is meant.
    ///
    /// Throws `missingInput` with what may be meant.
    static func model(_ given: String) throws -> String {
        if FileManager.default.fileExists(atPath: given) { return given }
        let hub = HubCache(ProcessInfo.processInfo.environment)
        if let snapshot = hub.snapshot(given) { return snapshot }
        if let error = FileDescriptor.dangling(given) { throw error }
        let near = PathSuggestions.sentence(given)
        throw DPPAError(
            .missingInput, "there is no model '\(given)'", notes: near.isEmpty ? hub.advice(given) : [near])
    }

    /// Throws `cannotCreate` where an output is, holds or lies in a model that is read, or in a part of one.
    static func requireApart(_ models: [String], from outputs: OutputPaths) throws {
        for part in models + models.flatMap(AdaptedPath.parts) {
            try outputs.requireApart(from: (try? model(part)) ?? part)
        }
    }

    /// A model, or `base+adapter+…`: a model with adapters on it; what was noticed on the way is told.
    ///
    /// What has no names and shapes of its own, such as an adapter alone, takes them from `base`.
    static func open(_ given: String, label: String, base: OpenModel? = nil) throws -> OpenModel {
        var notices: [String] = []
        let opened = try AdaptedPath(given, isModel: FileManager.default.fileExists(atPath:)).open(label: label) {
            let part = try OpenModel(at: model($0), label: $1 ?? $0, base: $2 ?? base)
            notices += part.notices
            return part
        }
        for notice in notices { Console.error("warning: " + notice) }
        return opened
    }

    /// Labels of several models, of which those of the same last component keep their paths.
    static func labels(_ given: [String]) -> [String] {
        let short = given.map(RunRecord.Option.Value.lastComponent)
        return zip(given, short).map { path, label in short.count { $0 == label } > 1 ? path : label }
    }

    /// A task file; a file of the person's own comes before a task that ships.
    ///
    /// Throws `missingInput` with what may be meant.
    static func task(_ given: String) throws -> String {
        if FileManager.default.fileExists(atPath: given) { return given }
        if let shipped = SampleTasks.shipped[given] { return shipped }
        let names = SampleTasks.shipped.keys.sorted()
        let near = [
            PathSuggestions.sentence(given), Suggestions.sentence(for: given, among: given.contains("/") ? [] : names),
        ]
        throw DPPAError(
            .missingInput, "there is no task file '\(given)'",
            notes: near.first { !$0.isEmpty }.map { [$0] }
                ?? (names.isEmpty ? [] : ["tasks that ship: \(names.joined(separator: ", "))"]))
    }
}

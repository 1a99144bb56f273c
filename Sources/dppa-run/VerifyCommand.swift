import ArgumentParser
import DPPA
import DPPAScript
import Foundation
import SystemPackage

/// `dppa-run verify`: whether a written model is what its lock says.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the files of a written model against its lock.",
        usage: "dppa-run verify <model> [<options>]",
        discussion: """
            Every file that recipe.lock.json lists is read and its size and digest compared; README.md is not in it, as people \
            write into it. The command ends with 65 when a file is missing or another one, and names files that the lock does \
            not have.

            Digests tell damage, mistakes and other versions apart; they are no proof against somebody who forges both a model \
            and its lock. docs/formats.md says how they are computed.

            Examples:
              dppa-run verify merged
              dppa-run verify merged --lock paper.lock.json
            """)

    @Argument(help: "A folder that dppa-run has written.", completion: .directory)
    var model: String

    @Option(
        help: ArgumentHelp("Another lock than the model's own.", valueName: "lock"), completion: .file())
    var lock: String?

    @OptionGroup var resources: ResourceOptions

    @OptionGroup var time: TimeOptions

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        do {
            progress.setLimit(try time.limit())
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: model, isDirectory: &isFolder), isFolder.boolValue else {
                throw DPPAError(.missingInput, "there is no folder '\(model)'")
            }
            let lock = try RecipeLock(reading: InputPath.lock(self.lock ?? model))
            let total = lock.files.reduce(0) { $0 + $1.size }
            progress.plan(bytes: total)
            progress.begin(stage: "reading")
            let threads = try resources.engineOptions().threads
            let wrong = try lock.files.compactMap { try difference($0, threads, progress) }
            progress.finish()
            if let first = wrong.first {
                throw DPPAError(
                    .data, "\(model) is not what the lock says: \(first)",
                    notes: wrong.dropFirst() + [
                        "\(Phrase.counted(lock.files.count - wrong.count, "file")) of \(lock.files.count) as the lock says"
                    ])
            }
            for name in others(lock) { Console.error("note: \(name.shown) is not in the lock") }
            if !quiet {
                Console.output(
                    "as the lock says: \(Phrase.counted(lock.files.count, "file")), \(ByteCount.words(total))")
            }
        } catch {
            progress.finish()
            throw Console.fail(error)
        }
    }

    /// How a file differs from what the lock says.
    private func difference(_ file: FileDigest, _ threads: Int, _ progress: ProgressLine) throws -> String? {
        let path = model + "/" + file.name
        guard FileManager.default.fileExists(atPath: path) else { return RecipeLock.difference(file.name, nil, file) }
        let found = try FileDigest(reading: path, name: file.name, threads: threads) { count in
            try progress.checkInterruption()
            progress.advance(bytes: count)
        }
        return RecipeLock.difference(file.name, found, file)
    }

    /// What lies there besides; folders with a lock of their own are other models.
    private func others(_ lock: RecipeLock) -> [String] {
        let known = Set(lock.files.map(\.name)).union(["README.md", RecipeLock.fileName])
        let folders = Set(known.compactMap { $0.split(separator: "/").dropLast().first.map(String.init) })
        return ModelFolder.names(FilePath(model)).flatMap { name -> [String] in
            if folders.contains(name) {
                return ModelFolder.names(FilePath(model).appending(name)).map { "\(name)/\($0)" }
            }
            let isModel = FileManager.default.fileExists(atPath: "\(model)/\(name)/\(RecipeLock.fileName)")
            return isModel ? [] : [name]
        }.filter { !known.contains($0) }
    }
}

extension InputPath {
    /// The file of a lock or a bundle that is given, or of the lock of a model's folder.
    ///
    /// Throws `missingInput` when there is none.
    static func lock(_ given: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: given, isDirectory: &isFolder) else {
            throw DPPAError(.missingInput, "there is no lock '\(given)'")
        }
        let path = isFolder.boolValue ? given + "/" + RecipeLock.fileName : given
        guard FileManager.default.fileExists(atPath: path) else {
            throw DPPAError(
                .missingInput, "\(given) has no \(RecipeLock.fileName)",
                notes: ["every model that dppa-run writes has one"])
        }
        guard RecordedRecipe.isLock(path) || RecipeBundle.isBundle(path) else {
            throw DPPAError(
                .missingInput, "\(given) is no lock",
                notes: ["name a \(RecipeLock.fileName), a bundle, or the folder of a model that has one"])
        }
        return path
    }
}

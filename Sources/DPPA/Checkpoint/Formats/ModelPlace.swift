import DPPASupport
import Foundation
import SystemPackage

/// A place where a model may lie: a file, or a folder with its entries.
package struct ModelPlace {
    /// The path as it was given; of a folder of the Hugging Face cache, that of the snapshot that it stands for.
    package let path: String
    /// What the path was taken for, in words.
    let notices: [String]
    /// The names of a folder's entries, in order; nil for a file.
    package let names: [String]?
    /// The text of the folder's config.json, which is a JSON object.
    package let config: String?
    /// What a file is that is no safetensors file, by its first bytes.
    let kind: FileKind?

    /// Looks at a place.
    ///
    /// Throws `missingInput` when there is nothing that can be read, and `data` when config.json is no JSON object.
    package init(_ given: String) throws {
        var isDirectory: ObjCBool = false
        // The system would read a path up to its first NUL.
        guard !given.utf8.contains(0), FileManager.default.fileExists(atPath: given, isDirectory: &isDirectory) else {
            throw FileDescriptor.dangling(given) ?? DPPAError(.missingInput, "there is no model at \(given.shown)")
        }
        guard isDirectory.boolValue else {
            (path, notices, names, config) = (given, [], nil, nil)
            kind = try FileKind(insteadOfSafetensors: FileDescriptor(given))
            return
        }
        (path, notices) = try Self.standing(given)
        let names = try Self.list(path)
        self.names = names
        kind = nil
        config = names.contains("config.json") ? try Self.config(path + "/config.json") : nil
    }

    /// The folder that one stands for, and a word on it where it is another one.
    package static func standing(_ folder: String) throws -> (path: String, notices: [String]) {
        guard let cached = CacheFolder(found: folder) else { return (folder, []) }
        let (path, notice) = try cached.standing()
        return (path, [notice])
    }

    /// The text of a config.json.
    ///
    /// Checked now rather than when the weights are written, which may take hours.
    private static func config(_ path: String) throws -> String {
        let config = try text(path, limit: 16 << 20)
        do { try JSONScanner.requireObject(config, "\(path) is not a JSON object") } catch {
            guard let kind = FileKind(path: path), kind.isLeftByDownload else { throw error }
            throw kind.refusal(path, insteadOf: "JSON object")
        }
        return config
    }

    /// The error for what no format recognises.
    var refusal: DPPAError {
        if let names { return FolderKind.refusal(path, names) }
        return kind?.refusal(path) ?? DPPAError(.data, "\(path.shown) is no model")
    }

    static func list(_ path: String) throws -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            let reason = Errno(beneath: error)
            throw DPPAError(
                .missingInput, "cannot list \(path)", notes: reason.map(OpenFiles.note) ?? [],
                cause: reason?.description ?? "\(error)")
        }
    }

    /// The text of a small file.
    package static func text(_ path: String, limit: Int) throws -> String {
        guard let text = String(validating: try FileDescriptor.contents(path, limit: limit), as: UTF8.self) else {
            throw DPPAError(.data, "\(path) is not UTF-8 text")
        }
        return text
    }
}

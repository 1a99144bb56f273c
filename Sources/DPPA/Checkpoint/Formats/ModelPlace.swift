import DPPASupport
import Foundation
import SystemPackage

/// A place where a model may lie: a file, or a folder with its entries.
package struct ModelPlace {
    /// The path as it was given.
    package let path: String
    /// The names of a folder's entries, in order; nil for a file.
    package let names: [String]?
    /// The text of the folder's config.json, which is a JSON object.
    package let config: String?
    /// What a file is that is no safetensors file, by its first bytes.
    let kind: FileKind?

    /// Looks at a place.
    ///
    /// Throws `missingInput` when there is nothing that can be read, and `data` when config.json is no JSON object.
    package init(_ path: String) throws {
        self.path = path
        var isDirectory: ObjCBool = false
        // The system would read a path up to its first NUL.
        guard !path.utf8.contains(0), FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw DPPAError(.missingInput, "there is no model at \(path.shown)")
        }
        guard isDirectory.boolValue else {
            names = nil
            config = nil
            kind = try FileKind(insteadOfSafetensors: FileDescriptor(path))
            return
        }
        let names = try Self.list(path)
        self.names = names
        kind = nil
        config = names.contains("config.json") ? try Self.text(path + "/config.json", limit: 16 << 20) : nil
        // Now rather than when the weights are written, which may take hours.
        if let config { try JSONScanner.requireObject(config, "\(path)/config.json is not a JSON object") }
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

import DPPA
import Foundation

/// JSON files of runs and commands.
package enum JSONFile {
    /// Writes an object with sorted keys.
    package static func write(_ object: Any, to path: String) throws {
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            try (data + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw DPPAError(.cannotCreate, "cannot write \(path)", cause: error.localizedDescription)
        }
    }

    /// Throws when a file cannot be made at a path.
    package static func requireFolder(of path: String?) throws {
        guard let path else { return }
        let parent = NSString(string: path).deletingLastPathComponent
        let folder = parent.isEmpty ? "." : parent
        guard access(folder, W_OK | X_OK) == 0 else {
            throw DPPAError(
                .cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))",
                notes: ["make the folder \(folder) first, or name another file"])
        }
    }

    /// A number as JSON has it, which knows no infinities and no NaN.
    package static func number(_ value: Double) -> Any { value.isFinite ? value : String(value) }
}

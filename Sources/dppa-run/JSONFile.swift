import DPPA
import Foundation

/// JSON files of the commands.
enum JSONFile {
    /// Writes an object with sorted keys.
    static func write(_ object: Any, to path: String) throws {
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            try (data + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw DPPAError(.cannotCreate, "cannot write \(path)", cause: error.localizedDescription)
        }
    }

    /// A number as JSON has it, which knows no infinities and no NaN.
    static func number(_ value: Double) -> Any { value.isFinite ? value : String(value) }
}

import DPPA
import Foundation

/// JSON files of runs and commands.
package enum JSONFile {
    /// Writes an object with sorted keys; what would steer a terminal that shows it is escaped.
    package static func write(_ object: Any, to file: WrittenFile) throws {
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try file.write((String(decoding: data, as: UTF8.self).printableJSON + "\n").utf8)
    }

    /// A number as JSON has it, which knows no infinities and no NaN.
    package static func number(_ value: Double) -> Any { value.isFinite ? value : String(value) }
}

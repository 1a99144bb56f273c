import DPPA

/// JSON files of runs and commands.
package enum JSONFile {
    /// Writes a value with sorted keys; what would steer a terminal that shows it is escaped.
    package static func write(_ value: JSONValue, to file: WrittenFile) throws {
        try file.write(value.lines.printableJSON.utf8)
    }
}

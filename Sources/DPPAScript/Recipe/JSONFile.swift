import DPPA

/// JSON files of runs and commands.
package enum JSONFile {
    /// Writes a value with sorted keys.
    package static func write(_ value: JSONValue, to file: WrittenFile) throws { try file.write(value.lines.utf8) }
}

import DPPACheckpoint
import DPPASupport
import Foundation

/// A recipe in one file, with its modules, its tables and a lock in comments before it: what a researcher sends around.
///
/// The first line says that it is one. Then come parts, each a comment in long brackets whose first line says what it holds,
/// and after the line `-- recipe` the recipe itself, byte for byte, so that lines of messages are those of its own files.
package struct RecipeBundle: Sendable {
    /// The recipe's file name.
    package var name: String
    /// The version of the program that made it.
    package var program: String
    /// The recipe's text.
    package var text: String
    /// The texts of its own modules, by the names that `require` has.
    package var modules: [String: String] = [:]
    /// The JSON files that it reads, by the paths that it has for them.
    package var tables: [String: String] = [:]
    /// The lock of a model that it has made, as its file has it.
    package var lock: String?

    private static let mark = "-- dppa-run bundle 1: "
    private static let explanation =
        "-- The comments hold what the recipe at the end requires and reads; dppa-run takes this file wherever it takes a recipe."
    private static let recipe = "-- recipe"
    private static let lockPart = "lock"

    /// A bundle of a recipe alone.
    package init(name: String, program: String, text: String) {
        (self.name, self.program, self.text) = (name, program, text)
    }

    /// Whether a file is a bundle, by its first line.
    package static func isBundle(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
            let handle = FileHandle(forReadingAtPath: path)
        else { return false }
        return (try? handle.read(upToCount: mark.utf8.count)) == Data(mark.utf8)
    }

    /// The text of its file.
    package var source: String {
        let head: JSONValue = ["name": .string(name), "program": .string(program)]
        var parts = modules.sorted { $0.key < $1.key }.map { Self.part("module \($0.key)", $0.value) }
        parts += tables.sorted { $0.key < $1.key }.map { Self.part("table \($0.key)", $0.value) }
        if let lock { parts.append(Self.part(Self.lockPart, lock)) }
        return Self.mark + head.text + "\n" + Self.explanation + "\n" + parts.joined() + Self.recipe + "\n" + text
    }

    /// A comment whose brackets are in nothing that it holds, nor made by its last byte and the end.
    private static func part(_ title: String, _ text: String) -> String {
        var level = 1
        let bytes = Array((text + "]").utf8)
        while find(closing(level), in: bytes, from: 0) != nil { level += 1 }
        return "--[" + String(repeating: "=", count: level) + "[ \(title)\n" + text
            + String(decoding: closing(level), as: UTF8.self) + "\n"
    }

    private static func closing(_ level: Int) -> [UInt8] {
        Array(("]" + String(repeating: "=", count: level) + "]").utf8)
    }

    private static func find(_ word: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = word.first, bytes.count >= word.count else { return nil }
        var index = start
        while index <= bytes.count - word.count {
            if bytes[index] == first, bytes[index..<(index + word.count)].elementsEqual(word) { return index }
            index += 1
        }
        return nil
    }
}

extension RecipeBundle {
    /// The bundle in a file.
    ///
    /// Throws `missingInput` when there is none, and `data` with the line when it is not one.
    package init(reading path: String) throws {
        var reader = Reader(path: path, bytes: try FileDescriptor.contents(path, limit: 256 << 20))
        guard let head = try reader.line(), head.hasPrefix(Self.mark) else {
            throw reader.damage("a bundle's first line")
        }
        let facts = try? JSONValue(Array(head.utf8.dropFirst(Self.mark.utf8.count)), file: path, kind: .page)
        guard let name = facts?["name"]?.string, let program = facts?["program"]?.string, !name.isEmpty,
            !name.contains("/"), !name.contains("\0"), name != ".", name != ".."
        else { throw reader.damage("the recipe's file name and the version of the program") }
        guard try reader.line() == Self.explanation else { throw reader.damage("the line that explains it") }
        self.init(name: name, program: program, text: "")
        while let line = try reader.line() {
            if line == Self.recipe {
                text = try reader.rest()
                return
            }
            let (title, held) = try reader.part(line)
            if title == Self.lockPart {
                lock = held
            } else if title.hasPrefix("module ") {
                modules[String(title.dropFirst(7))] = held
            } else if title.hasPrefix("table ") {
                tables[String(title.dropFirst(6))] = held
            } else {
                throw reader.damage("a module, a table or a lock")
            }
        }
        throw reader.damage("the line '\(Self.recipe)' with the recipe behind it")
    }

    /// Goes through the bytes of a bundle.
    private struct Reader {
        let path: String
        let bytes: [UInt8]
        var position = 0
        /// The number of the line that was read last.
        var number = 0

        init(path: String, bytes: [UInt8]) { (self.path, self.bytes) = (path, bytes) }

        func damage(_ wanted: String) -> DPPAError {
            DPPAError(
                .data, "\(path) is a damaged bundle: expected \(wanted)",
                notes: ["make it again: dppa-run bundle RECIPE --out FILE"],
                location: DPPAError.Location(file: path, line: max(1, number)))
        }

        private func text(_ range: Range<Int>) throws -> String {
            guard let text = String(validating: bytes[range], as: UTF8.self) else { throw damage("UTF-8 text") }
            return text
        }

        /// The next line without its end; nil behind the last.
        mutating func line() throws -> String? {
            guard position < bytes.count else { return nil }
            number += 1
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            defer { position = min(end + 1, bytes.count) }
            return try text(position..<end)
        }

        /// The title and the text of the part that a line begins.
        mutating func part(_ line: String) throws -> (title: String, text: String) {
            guard line.hasPrefix("--[="), let end = line.dropFirst(3).firstIndex(of: "[") else {
                throw damage("a part in long brackets, or the recipe")
            }
            let equals = line[line.index(line.startIndex, offsetBy: 3)..<end]
            let behind = line[line.index(after: end)...]
            guard equals.allSatisfy({ $0 == "=" }), behind.hasPrefix(" ") else {
                throw damage("a part in long brackets, or the recipe")
            }
            let closing = RecipeBundle.closing(equals.count)
            guard let close = RecipeBundle.find(closing, in: bytes, from: position) else {
                throw damage("the end of the part that begins here")
            }
            let held = try text(position..<close)
            number += bytes[position..<close].count { $0 == UInt8(ascii: "\n") } + 1
            position = min(close + closing.count + 1, bytes.count)
            return (String(behind.dropFirst()), held)
        }

        func rest() throws -> String { try text(position..<bytes.count) }
    }
}

import Foundation

/// A directory that goes away with the test.
final class TestFolder: Sendable {
    let path: String

    /// A directory for files of the test; `inMemory` where the system has a place for that, for thousands of files.
    init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory)
        path = (isThere ? memory + "/" : NSTemporaryDirectory()) + "dppa-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the directories above it, and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = path + "/" + name
        try makeFolder(NSString(string: name).deletingLastPathComponent)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }

    /// Makes a directory and gives its path.
    @discardableResult
    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    /// What a directory holds, hidden entries included.
    func entries(_ name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + name).sorted()
    }

    func bytes(_ name: String) throws -> [UInt8] { try readBytes(path + "/" + name) }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}

func readBytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The fixtures of this target.
let fixtures = NSString(string: #filePath).deletingLastPathComponent + "/../Fixtures"

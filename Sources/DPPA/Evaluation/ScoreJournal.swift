import DPPASupport
import Foundation
import SystemPackage

/// Scores that were paid for, kept in a file beside the output so that an interrupted search goes on where it was.
///
/// One JSON object a line, appended and synced as soon as it is known. A line that cannot be read, such as the last one of a
/// run that was killed, is passed over.
public final class ScoreJournal {
    private struct Entry: Codable {
        var key: String
        var score: Score
    }

    /// The file, if there is one.
    let path: String?
    private var known: [UInt128: Score] = [:]
    /// What an earlier run has left in the file.
    private(set) var found: Set<UInt128> = []
    private var descriptor: Int32 = -1

    /// A journal in a file, or in memory alone.
    public init(path: String?) {
        self.path = path
        guard let path, let data = FileManager.default.contents(atPath: path) else { return }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let entry = try? JSONDecoder().decode(Entry.self, from: line), let key = UInt128(entry.key, radix: 16)
            else { continue }
            known[key] = entry.score
        }
        found = Set(known.keys)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// A score that is known.
    subscript(key: UInt128) -> Score? { known[key] }

    /// Adds a score.
    ///
    /// Throws when the file cannot be written.
    func add(_ score: Score, key: UInt128) throws {
        known[key] = score
        guard let path else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = String(decoding: try encoder.encode(Entry(key: String(key, radix: 16), score: score)), as: UTF8.self)
        var line = text + "\n"
        if descriptor < 0 {
            _ = try OutputPlace(path).createParents()
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure(path) }
            // What a killed run left unfinished must not swallow the first line of this one.
            if lseek(descriptor, 0, SEEK_END) > 0 { line = "\n" + line }
        }
        let bytes = Array(line.utf8)
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fdatasync(descriptor) == 0 else { throw failure(path) }
    }

    private func failure(_ path: String) -> DPPAError {
        DPPAError(.inputOutput, "cannot write the journal \(path)", cause: String(cString: strerror(errno)))
    }
}

import DPPACheckpoint
import DPPAExecution
import DPPASupport
import Dispatch
import Foundation
import Synchronization
import SystemPackage

/// What of a draft is finished, in a file beside it.
///
/// A line is a digest of what follows it and a JSON object. It is written when the tensor that it tells of is on the disk: many
/// together, on a thread of its own, so that nobody waits for the disk. A line that a kill has torn is none.
final class DraftJournal: Sendable {
    /// What a line tells of.
    enum Entry: Sendable {
        /// The version of the program.
        case program(String)
        /// What tells a model from others at its path: see `OpenModel.stamp`.
        case stamp(model: String, UInt128)
        /// What a tensor that is read holds.
        case input(model: String, TensorDigest)
        /// A tensor of the result of a name.
        case tensor(output: String?, FinishedTensor)
    }

    private struct State {
        var descriptor: Int32 = -1
        var waiting: [(entries: [Entry], writer: CheckpointWriter, tensor: Int)] = []
        /// Bytes of the tensors that wait.
        var bytes = 0
        var isWriting = false
        var failure: (any Error)?
    }

    private let draft: Draft
    /// So many bytes of tensors are brought to the disk together.
    private let group: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "journal", qos: .utility)

    /// A journal of a draft of so many bytes; a sixteenth of it, and at most 64 MiB, are lost by a kill.
    init(_ draft: Draft, bytes: Int) {
        self.draft = draft
        group = min(64 << 20, max(1, bytes / 16))
    }

    deinit { state.withLock { if $0.descriptor >= 0 { Foundation.close($0.descriptor) } } }

    /// Adds lines, the last one of which tells of a tensor that has been written.
    ///
    /// Throws what has failed since the last time.
    func add(_ entries: [Entry], _ writer: CheckpointWriter, tensor: Int, bytes: Int) throws {
        let isDue = try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.waiting.append((entries, writer, tensor))
            state.bytes += bytes
            guard state.bytes >= group, !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if isDue { queue.async { self.write() } }
    }

    /// Writes the lines that wait, and throws what has failed.
    func flush() throws {
        queue.sync { write() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Waits for what is being written, and throws what has failed; what waits is not needed any more.
    func close() throws {
        state.withLock { $0.waiting = [] }
        try flush()
    }

    private func write() {
        let waiting = state.withLock { state in
            defer { (state.waiting, state.bytes) = ([], 0) }
            // Behind a line that is missing there must be none.
            return state.failure == nil ? state.waiting : []
        }
        do {
            if !waiting.isEmpty {
                for (_, items) in Dictionary(grouping: waiting, by: { ObjectIdentifier($0.writer) }) {
                    try items.first?.writer.sync(tensors: items.map(\.tensor))
                }
                try append(waiting.flatMap(\.entries))
            }
            state.withLock { $0.isWriting = false }
        } catch {
            state.withLock { ($0.isWriting, $0.failure) = (false, $0.failure ?? error) }
        }
    }

    private func append(_ entries: [Entry]) throws {
        var entries = entries
        var descriptor = state.withLock { $0.descriptor }
        let isNew = descriptor < 0
        if isNew {
            descriptor = open(draft.journal.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure(Errno(rawValue: errno)) }
            state.withLock { $0.descriptor = descriptor }
        }
        let length = lseek(descriptor, 0, SEEK_END)
        if length == 0 { entries.insert(.program(version), at: 0) }
        let bytes = Array(entries.map(\.line).joined().utf8)
        do { try bytes.withUnsafeBytes { try WholeWrite.put($0, descriptor) } } catch let reason as Errno {
            // What stands there counts, and the beginning of what does not is taken back.
            ftruncate(descriptor, length)
            throw failure(reason)
        }
        guard fdatasync(descriptor) == 0 else { throw failure(Errno(rawValue: errno)) }
        if isNew { draft.syncFolders() }
    }

    private func failure(_ reason: Errno) -> DPPAError {
        DPPAError(.inputOutput, "cannot write \(draft.journal)", cause: reason.description)
    }
}

extension DraftJournal.Entry {
    fileprivate var line: String {
        let text = json.text
        return "\(Digest.of(Array(text.utf8))) \(text)\n"
    }

    private var json: JSONValue {
        switch self {
        case .program(let version): ["dppa_run": .string(version)]
        case .stamp(let model, let stamp): ["model": .string(model), "stamp": .string(stamp.hexadecimal)]
        case .input(let model, let tensor):
            ["model": .string(model), "input": .string(tensor.name), "is": .string(tensor.words)]
        case .tensor(let output, let tensor):
            ["output": JSONValue(output), "tensor": .string(tensor.name), "is": .string(tensor.words)]
        }
    }

    /// What a line tells; nil for one that is damaged.
    fileprivate init?(_ line: some Collection<UInt8>) {
        let text = Array(line.dropFirst(33))
        guard let digest = Digest(String(decoding: line.prefix(32), as: UTF8.self)), digest == Digest.of(text),
            let json = try? JSONObject(text, file: "")
        else { return nil }
        let (model, words) = (json["model"]?.string, json["is"]?.string)
        if let version = json["dppa_run"]?.string {
            self = .program(version)
        } else if let model, let stamp = json["stamp"]?.string.flatMap({ Digest($0) }) {
            self = .stamp(model: model, stamp.value)
        } else if let model, let words, let name = json["input"]?.string {
            self = .input(model: model, TensorDigest(name: name, words: words))
        } else if let words, let name = json["tensor"]?.string, let tensor = FinishedTensor(name: name, words: words) {
            self = .tensor(output: json["output"]?.string, tensor)
        } else {
            return nil
        }
    }
}

extension DraftJournal {
    /// The lines of a draft's journals; a last one that is torn is cut off.
    ///
    /// Throws `data` when a journal cannot be used, with the reason as its message.
    static func entries(of draft: Draft) throws -> [Entry] {
        let journals = Draft.journals(of: draft.folder)
        guard !journals.isEmpty else { throw DPPAError(.data, "its journal is missing") }
        return try journals.flatMap { try entries(of: $0.string) }
    }

    private static func entries(of path: String) throws -> [Entry] {
        let bytes = try FileDescriptor.contents(path, limit: 1 << 30)
        var (entries, next): ([Entry], Int) = ([], 0)
        while let end = bytes[next...].firstIndex(of: UInt8(ascii: "\n")) {
            guard let entry = Entry(bytes[next..<end]) else {
                throw DPPAError(.data, "line \(entries.count + 1) of its journal is damaged")
            }
            entries.append(entry)
            next = end + 1
        }
        guard case .program(version)? = entries.first else {
            guard case .program(let other)? = entries.first else { throw DPPAError(.data, "its journal is empty") }
            throw DPPAError(.data, "it was written by version \(other), and this is \(version)")
        }
        if next < bytes.count, truncate(path, off_t(next)) != 0 {
            throw DPPAError(.data, "its journal cannot be written: \(OutputPlace.words(errno))")
        }
        return entries
    }
}

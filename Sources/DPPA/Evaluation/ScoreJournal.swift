import DPPASupport
import Foundation
import SystemPackage

/// Scores that were paid for, kept in a file beside the output so that an interrupted search goes on where it was.
///
/// One JSON object a line, appended and synced as soon as it is known. A line that cannot be read, such as the last one of a
/// run that was killed, is passed over.
public final class ScoreJournal {
    /// The file, if there is one.
    let path: String?
    private var known: [UInt128: Score] = [:]
    /// What an earlier run has left in the file.
    private(set) var found: Set<UInt128> = []
    /// Whether it has been told that there is something.
    var isAnnounced = false
    private var descriptor: Int32 = -1

    /// A journal in a file, or in memory alone.
    public init(path: String?) {
        self.path = path
        guard let path, let data = FileManager.default.contents(atPath: path) else { return }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let entry = try? JSONObject(line, file: path), let key = entry["key"]?.string,
                let key = UInt128(key, radix: 16), let score = entry["score"].flatMap(Score.init(journal:))
            else { continue }
            known[key] = score
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
        let entry: JSONValue = ["key": .string(String(key, radix: 16)), "score": score.journal]
        var line = entry.text + "\n"
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

extension Score {
    /// The score as the journal keeps it, and as ranks tell each other.
    var journal: JSONValue {
        [
            "task": .string(task), "metric": JSONValue(metric?.rawValue), "value": .double(value),
            "standardError": JSONValue(standardError), "count": JSONValue(count), "units": JSONValue(units),
            "seconds": .double(seconds),
            "others": .object(JSONObject(others.map { (name: $0.metric.rawValue, value: .double($0.value)) })),
        ]
    }

    /// The score of an entry; nil where something is missing or is no number.
    init?(journal entry: JSONValue) {
        guard let task = entry["task"]?.string, let value = entry["value"]?.double,
            let seconds = entry["seconds"]?.double
        else { return nil }
        // What is null or not there is none; what is something else is no entry.
        func given(_ name: String) -> JSONValue? { entry[name].flatMap { $0.isNull ? nil : $0 } }
        self.init(
            task: task, metric: given("metric")?.string.flatMap(EvaluationTask.Metric.init(rawValue:)), value: value,
            standardError: given("standardError")?.double, count: given("count")?.int, seconds: seconds)
        units = given("units")?.int
        guard (metric == nil) == (given("metric") == nil), (count == nil) == (given("count") == nil),
            (standardError == nil) == (given("standardError") == nil)
        else { return nil }
        others = (entry["others"]?.object?.members ?? []).compactMap { member in
            guard let metric = EvaluationTask.Metric(rawValue: member.name), let value = member.value.double else {
                return nil
            }
            return (metric, value)
        }
    }
}

import DPPAExpression
import DPPAKernels
import DPPASupport

/// Sharing the work of an epoch: each rank goes through its own units, and then all learn what each has found, so that the next
/// epoch begins with the same numbers everywhere as if one process had found them.
///
/// What goes over: coarse results of each tensor, what searches over the model have counted and gathered, digests of what was read,
/// comparisons of what was written, and counts for reports. Every result is one rank's or is combined by tensor name and index, so
/// bits do not depend on how many ranks there are.
extension Engine {
    /// The ranks that share what is done now.
    package var ranks: Ranks { isByItself ? .alone : options.ranks }

    /// Runs a body whose passes this rank does by itself, all of them: the others do the same, or do not need it.
    package func byItself<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = isByItself
        isByItself = true
        defer { isByItself = before }
        return try body()
    }

    /// Whether ranks share the passes of a run: what is built in memory each builds for itself.
    func sharesPasses(_ outputs: [Output]) -> Bool {
        !ranks.isAlone && !outputs.contains { $0.slots.values.contains { $0.destination.isInMemory } }
    }

    /// Shares what an epoch has found.
    func share(_ epoch: Int, _ schedule: Schedule, _ searches: [OrderSearch]) throws {
        let coder = CoarseEntryCoder(epoch, schedule)
        var message = Message()
        let own = agreement(schedule)
        message.put(own)
        let entries = store.recorded()
        message.put(entries.count)
        for entry in entries { try coder.put(entry, into: &message) }
        for search in searches { search.put(into: &message) }
        putFindings(into: &message)
        try ranks.exchange(message) { message in
            guard try message.take(UInt128.self) == own else { throw Self.disagreement }
            for _ in 0..<(try message.take(Int.self)) { store.add(try coder.take(&message)) }
            for search in searches { try search.add(&message) }
            try takeFindings(&message)
        }
        (told, toldNonFinite) = (report, nonFiniteInputs)
        toldStatistics = statistics.mapValues(\.tensors.count)
    }

    /// What ranks must have in common for numbers of nodes and tensors to mean the same: every expression that an epoch needs.
    private func agreement(_ schedule: Schedule) -> UInt128 {
        var hash = Fingerprint()
        hash.add(UInt64(graph.count))
        hash.add(UInt64(schedule.needed.count))
        for id in schedule.needed {
            hash.add(UInt64(id.index))
            hash.add(fingerprint(id))
        }
        return hash.value
    }

    private static var disagreement: DPPAError {
        DPPAError(
            .data, "another rank does not compute the same as this one",
            notes: ["all ranks must run the same command, and read the same recipe and the same models"])
    }

    /// Digests, comparisons and counts that were not shared yet.
    private func putFindings(into message: inout Message) {
        putDigests(into: &message)
        let found = nonFiniteInputs.filter { toldNonFinite[$0.key] != $0.value }
        message.put(found.count)
        for (key, count) in found {
            put(key, into: &message)
            message.put(count)
        }
        message.put(statistics.count)
        for (output, statistics) in statistics.sorted(by: { $0.key < $1.key }) {
            message.put(output)
            let new = statistics.tensors.dropFirst(toldStatistics[output, default: 0])
            message.put(new.count)
            for tensor in new { tensor.put(into: &message) }
        }
        message.put(report.counts(since: told))
    }

    private func takeFindings(_ message: inout Message) throws {
        try takeDigests(&message)
        var found: [(ResidentKey, Int)] = []
        for _ in 0..<(try message.take(Int.self)) {
            let (key, count) = (try resident(&message), try message.take(Int.self))
            found.append((key, count))
        }
        note(found)
        for _ in 0..<(try message.take(Int.self)) {
            let output: Int = try message.take()
            for _ in 0..<(try message.take(Int.self)) {
                statistics[output]?.tensors.append(try DeltaStatistics.Tensor(&message, graph))
            }
        }
        report.add(try message.takeList())
    }

    func putDigests(into message: inout Message) {
        let digests = inputs.takeNew()
        message.put(digests.count)
        for (key, digest) in digests {
            put(key, into: &message)
            message.put(digest)
        }
    }

    func takeDigests(_ message: inout Message) throws {
        for _ in 0..<(try message.take(Int.self)) {
            let (key, digest) = (try resident(&message), try message.take(Digest.self))
            inputs.know(key, digest)
        }
    }

    private func put(_ key: ResidentKey, into message: inout Message) { message.put([key.model, key.tensor.index]) }

    private func resident(_ message: inout Message) throws -> ResidentKey {
        let numbers: [Int] = try message.takeList()
        guard numbers.count == 2, graph.models.indices.contains(numbers[0]),
            let tensor = graph.tensor(number: numbers[1])
        else { throw DPPAError(.internalFault, "another rank tells of an unknown tensor") }
        return ResidentKey(model: numbers[0], tensor: tensor)
    }
}

extension EngineReport {
    /// What is counted, and added up over ranks.
    private var counts: [Int] {
        get { [bytesRead, bytesWritten, elementSteps, diskBytes, cacheBytes, matrices] }
        set {
            (bytesRead, bytesWritten, elementSteps) = (newValue[0], newValue[1], newValue[2])
            (diskBytes, cacheBytes, matrices) = (newValue[3], newValue[4], newValue[5])
        }
    }

    fileprivate func counts(since earlier: EngineReport) -> [Int] { zip(counts, earlier.counts).map { $0 - $1 } }

    fileprivate mutating func add(_ others: [Int]) {
        if others.count == counts.count { counts = zip(counts, others).map { $0 + $1 } }
    }
}

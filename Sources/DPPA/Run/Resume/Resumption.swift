import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPASupport

/// Keeps account of what of a run's results is finished: what is taken from an earlier run, and what is written meanwhile.
final class Resumption {
    let engine: Engine
    let results: [ResumableResult]
    /// By result and tensor.
    var finished: [[Int: FinishedTensor]]
    private let journal: DraftJournal
    /// The parts that are still to be written, by result and tensor.
    private var open: [[Int: Set<TensorID>]]
    /// By result, which tensor a part goes to.
    private let numbers: [[TensorID: Int]]
    private let leaves: InputLeaves
    private let fingerprint: TensorFingerprint
    /// The models whose stamps the journal has.
    private var stamped: Set<Int> = []

    init(_ engine: Engine, _ results: [ResumableResult], _ draft: Draft) {
        (self.engine, self.results) = (engine, results)
        journal = DraftJournal(draft, bytes: results.reduce(0) { $0 + $1.writer.totalBytes })
        finished = results.map { _ in [:] }
        open = results.map { $0.parts.mapValues { Set($0.map(\.tensor)) } }
        numbers = results.map { result in
            Dictionary(
                result.parts.flatMap { number, parts in parts.map { ($0.tensor, number) } },
                uniquingKeysWith: { first, _ in first })
        }
        let leaves = InputLeaves(engine.graph) { engine.inputDigest($0.model, $0.tensor)?.digest }
        self.leaves = leaves
        fingerprint = TensorFingerprint(engine.graph) { leaves($0, $1) }
    }

    /// Takes a tensor that is there; where it is a copy, the journal is told of it.
    func take(_ number: Int, of result: Int, _ tensor: FinishedTensor, isCopy: Bool) throws {
        open[result][number] = nil
        finished[result][number] = tensor
        if isCopy { try tell(number, result, tensor) }
    }

    /// The finished tensors of the result of a name, in their order.
    func finished(of name: String?) -> [FinishedTensor] {
        results.firstIndex { $0.name == name }.map { finished[$0].sorted { $0.key < $1.key }.map(\.value) } ?? []
    }

    /// Takes note of tensors of an output that the engine has written.
    func written(_ output: Int, _ tensors: [TensorID]) throws {
        guard let place = results.firstIndex(where: { $0.output == output }) else { return }
        let result = results[place]
        for tensor in tensors {
            guard let number = numbers[place][tensor] else { continue }
            open[place][number]?.remove(tensor)
            guard open[place][number]?.isEmpty == true else { continue }
            open[place][number] = nil
            guard let key = try result.key(number, fingerprint), let digest = result.writer.digest(of: number) else {
                continue
            }
            let compared = result.parts[number, default: []].map { part in
                engine.statistics[output]?.tensor(engine.graph.facts(part.tensor)).map {
                    FinishedTensor.Compared(merged: $0.merged, experts: $0.experts, lost: $0.lost)
                }
            }
            let tensor = FinishedTensor(
                name: result.tensors[number].name, key: key, digest: digest,
                compared: compared.contains { $0 != nil } ? compared : [])
            finished[place][number] = tensor
            try tell(number, place, tensor)
        }
    }

    /// Brings what is finished to the disk and the journal, so that a later run can go on from it.
    func keep() throws { try journal.flush() }

    /// Ends the journal when all is written.
    func close() throws { try journal.close() }

    private func tell(_ number: Int, _ place: Int, _ tensor: FinishedTensor) throws {
        let (result, graph) = (results[place], engine.graph)
        var entries: [DraftJournal.Entry] = []
        for leaf in leaves.takeNew() {
            guard let digest = engine.inputDigest(leaf.model, leaf.tensor) else { continue }
            let model = graph.models[leaf.model]
            if stamped.insert(leaf.model).inserted { entries.append(.stamp(model: model.label, model.stamp)) }
            entries.append(.input(model: model.label, digest))
        }
        entries.append(.tensor(output: result.name, tensor))
        try journal.add(entries, result.writer, tensor: number, bytes: result.tensors[number].byteCount)
    }
}

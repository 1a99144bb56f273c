import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPASupport
import Dispatch
import Foundation
import Synchronization

/// Taking tensors from an earlier run: those of equal keys, after their bytes have been compared with their digests.
extension Resumption {
    /// Takes what an earlier run has left of a result, and leaves it out of the output; gives how many tensors that are.
    ///
    /// Throws what writing throws, and what the observer throws.
    func take(_ former: FormerTensors, of result: Int, _ output: inout Engine.Output) throws -> Int {
        let wanted = try candidates(former, result)
        guard !wanted.isEmpty else { return 0 }
        engine.observer?.begin(stage: "comparing")
        let moved = try bring(wanted, former, results[result])
        for number in moved {
            guard let tensor = wanted[number] else { continue }
            try take(number, of: result, tensor, isCopy: former.places != nil)
            leaveOut(number, of: result, tensor, &output)
        }
        return moved.count
    }

    /// Leaves a tensor that is there out of what is written.
    func leaveOut(_ number: Int, of result: Int, _ tensor: FinishedTensor, _ output: inout Engine.Output) {
        let parts = results[result].parts[number, default: []]
        let compared = zip(parts, tensor.compared).compactMap { part, found in
            found.map {
                DeltaStatistics.Tensor(
                    facts: engine.graph.facts(part.tensor), merged: $0.merged, experts: $0.experts,
                    dtype: results[result].tensors[number].dtype, lost: $0.lost)
            }
        }
        output.leaveOut(parts.map(\.tensor), compared: compared)
    }

    /// The tensors that the result would have as well, by number.
    private func candidates(_ former: FormerTensors, _ place: Int) throws -> [Int: FinishedTensor] {
        let (result, graph) = (results[place], engine.graph)
        // By what was read then nothing needs to be read to find those whose expression is another one.
        func recorded(_ leaf: InputLeaves.Leaf) -> Digest? {
            former.inputs.digest(graph.models[leaf.model], graph.facts(leaf.tensor))
        }
        func matching(_ numbers: some Sequence<Int>, _ leaves: InputLeaves) throws -> (
            found: [Int: FinishedTensor], hasMatrices: Bool
        ) {
            let fingerprint = TensorFingerprint(graph) { leaves($0, $1) }
            var found: [Int: FinishedTensor] = [:]
            for number in numbers where finished[place][number] == nil {
                guard let tensor = former.tensors[result.tensors[number].name],
                    try result.key(number, fingerprint) == tensor.key
                else { continue }
                found[number] = tensor
            }
            return (found, fingerprint.hasMatrices)
        }
        let first = try matching(result.parts.keys, InputLeaves(graph, digest: recorded))
        let asked = InputLeaves(graph, digest: recorded)
        _ = try matching(first.found.keys, asked)
        try read(asked.asked, former.inputs)
        let second = try matching(
            first.found.keys, InputLeaves(graph) { [engine] in engine.inputDigest($0.model, $0.tensor)?.digest })
        if !second.found.isEmpty, second.hasMatrices { engine.knowMatrices() }
        return second.found
    }

    /// Makes known what some tensors of models hold: what it was, where the model's files are those of then, or as it is read.
    private func read(_ leaves: Set<InputLeaves.Leaf>, _ former: FormerInputs) throws {
        let graph = engine.graph
        var unknown: [(leaf: InputLeaves.Leaf, source: any TensorSource)] = []
        for leaf in leaves where engine.inputDigest(leaf.model, leaf.tensor) == nil {
            let (model, facts) = (graph.models[leaf.model], graph.facts(leaf.tensor))
            if former.isSame(model), let digest = former.digest(model, facts) {
                engine.know(leaf.model, leaf.tensor, is: digest)
            } else if let source = model.source(facts.name) {
                unknown.append((leaf, source))
            }
        }
        let sources = unknown.map(\.source)
        let digests = try each(sources.count) { try sources[$0].digest() }
        for (item, digest) in zip(unknown, digests) { engine.know(item.leaf.model, item.leaf.tensor, is: digest) }
    }

    /// Brings the bytes of tensors where they belong; gives the numbers of those whose bytes are what their digests say.
    private func bring(
        _ wanted: [Int: FinishedTensor], _ former: FormerTensors, _ result: ResumableResult
    ) throws -> [Int] {
        let (numbers, writer, observer) = (wanted.keys.sorted(), result.writer, engine.observer)
        let items = numbers.compactMap { number in
            wanted[number].map {
                (
                    number: number, digest: $0.digest, place: former.places?[$0.name],
                    size: result.tensors[number].byteCount
                )
            }
        }
        let isInPlace = former.places == nil
        let moved = try each(items.count) { index in
            let item = items[index]
            defer { observer?.advance(bytes: item.size) }
            if isInPlace { return try writer.keep(tensor: item.number, digest: item.digest) }
            guard let place = item.place else { return false }
            return try writer.copy(tensor: item.number, from: place, digest: item.digest)
        }
        return zip(items, moved).compactMap { $1 ? $0.number : nil }
    }

    /// Does something for each of several items on all threads, and gives what comes of it in order.
    private func each<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws
        -> [Value]
    {
        let observer = engine.observer
        let next = Atomic<Int>(0)
        let state = Mutex<(values: [Int: Value], failure: (any Error)?)>(([:], nil))
        DispatchQueue.concurrentPerform(iterations: min(engine.options.threads, count)) { _ in
            while state.withLock({ $0.failure == nil }) {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                do {
                    try observer?.checkInterruption()
                    let value = try body(index)
                    state.withLock { $0.values[index] = value }
                } catch { state.withLock { $0.failure = $0.failure ?? error } }
            }
        }
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return (0..<count).compactMap { state.values[$0] }
        }
    }
}

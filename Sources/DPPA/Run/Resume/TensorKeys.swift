import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPASupport

/// A result whose tensors can be taken from an earlier run: where each goes, and what is computed into it.
struct ResumableResult {
    /// What is computed into a tensor: tensors of the expression, slices of a stack in order.
    struct Part {
        var tensor: TensorID
        var start: Int
    }

    let name: String?
    /// The place of its output among those of the run.
    let output: Int
    let node: NodeID
    let writer: CheckpointWriter
    let tensors: [CheckpointWriter.Tensor]
    /// By the number of the tensor; none of what is copied.
    let parts: [Int: [Part]]
    /// What it is compared with, in words.
    private let comparison: String

    init(name: String?, output number: Int, of output: Engine.Output, _ graph: Graph, _ written: WrittenTensors) {
        (self.name, self.output, node) = (name, number, output.node)
        (writer, tensors) = (written.writer, written.tensors)
        parts = Dictionary(grouping: output.places, by: \.value.index).mapValues { places in
            places.map { Part(tensor: $0.key, start: $0.value.start) }.sorted { $0.start < $1.start }
        }
        comparison =
            output.comparison.map { comparison in
                let models = ([comparison.reference] + comparison.experts).map { graph.models[$0].label }
                return (models + ["\(comparison.isDetailed)"]).joined(separator: "\n")
            } ?? ""
    }

    /// What a tensor is made of; nil where the fingerprints do not know all of it.
    ///
    /// The version of the program, type and shape, what is computed into it, and what it is compared with: two tensors of one
    /// key have the same bytes, and the same is to be said of them.
    func key(_ number: Int, _ fingerprint: TensorFingerprint) throws -> UInt128? {
        let tensor = tensors[number]
        var hash = Fingerprint()
        for word in [version, tensor.dtype.rawValue, comparison] { hash.add(word) }
        for size in tensor.shape { hash.add(UInt64(size)) }
        for part in parts[number, default: []] {
            guard let found = try fingerprint(node, on: part.tensor) else { return nil }
            hash.add(UInt64(part.start))
            hash.add(found)
        }
        return hash.value
    }
}

/// The tensors of a checkpoint, and what writes them.
struct WrittenTensors {
    let writer: CheckpointWriter
    let tensors: [CheckpointWriter.Tensor]
}

/// What tensors of models hold, as fingerprints ask for it, and which were asked for.
final class InputLeaves {
    struct Leaf: Hashable {
        var model: Int
        var tensor: TensorID
    }

    private(set) var asked: Set<Leaf> = []
    /// Those that were asked for since they were taken last.
    private var new: [Leaf] = []
    private let graph: Graph
    private let digest: (Leaf) -> Digest?

    /// Leaves whose digests are given; of those that have none nothing is known.
    init(_ graph: Graph, digest: @escaping (Leaf) -> Digest?) { (self.graph, self.digest) = (graph, digest) }

    /// Those that were asked for since the last time.
    func takeNew() -> [Leaf] {
        defer { new = [] }
        return new
    }

    func callAsFunction(_ model: Int, _ tensor: TensorID) -> UInt128? {
        let leaf = Leaf(model: model, tensor: tensor)
        let facts = graph.facts(tensor)
        guard let dtype = graph.models[model].source(facts.name)?.dtype, let digest = digest(leaf) else { return nil }
        if asked.insert(leaf).inserted { new.append(leaf) }
        var hash = Fingerprint()
        hash.add(TensorDigest.kind(facts, dtype))
        hash.add(digest.value)
        return hash.value
    }
}

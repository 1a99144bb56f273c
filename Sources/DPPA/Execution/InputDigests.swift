import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// A tensor that was read, with the digest of its elements as they were handed over.
package struct TensorDigest: Hashable, Sendable, Comparable {
    package var name: String
    /// Type, shape and digest, such as `BF16 896x896 b1946ac92492d2347c6235b4d2611184`.
    package var words: String

    init(facts: TensorFacts, dtype: DType, digest: Digest) {
        name = facts.name
        words = "\(Self.kind(facts, dtype)) \(digest)"
    }

    /// Type and shape, the first part of the words.
    package static func kind(_ facts: TensorFacts, _ dtype: DType) -> String {
        "\(dtype.rawValue) \(facts.shape.map(String.init).joined(separator: "x"))"
    }

    /// The digest of the elements, the last part of the words; nil where these are others.
    package var digest: Digest? { Digest(String(words.suffix(32))) }

    package init(name: String, words: String) { (self.name, self.words) = (name, words) }

    package static func < (a: TensorDigest, b: TensorDigest) -> Bool { (a.name, a.words) < (b.name, b.words) }
}

/// Digests of tensors, made of their bytes on their way through the first pass that goes over all of one.
final class InputDigests {
    private(set) var found: [ResidentKey: Digest] = [:]
    private var streams: [ResidentKey: StreamDigest] = [:]
    /// Those that other ranks have not been told.
    private var new: [ResidentKey: Digest] = [:]

    subscript(key: ResidentKey) -> Digest? { found[key] }

    /// Lets tasks make the digests that are not known yet.
    func open(_ tasks: [TensorTask]) {
        for task in tasks where task.isWhole && task.facts.numel > 0 {
            task.digests.sources = task.program.models.map { stream($0, task.tensor) }
            task.digests.copies = task.copies.map { stream($0.model, task.tensor) }
        }
    }

    /// Tells another rank what of a tensor has gone by here, of which it has the rest.
    func put(of tensor: TensorID, into message: inout Message) {
        let own = streams.filter { $0.key.tensor == tensor }
        message.put(own.count)
        for (key, stream) in own {
            message.put(key.model)
            stream.put(into: &message)
        }
    }

    /// Takes what of a tensor has gone by on another rank.
    func add(of tensor: TensorID, _ message: inout Message) throws {
        for _ in 0..<(try message.take(Int.self)) {
            let key = ResidentKey(model: try message.take(), tensor: tensor)
            try (streams[key] ?? StreamDigest()).add(&message)
        }
    }

    /// Takes what the tasks have made; what has failed on the way is left out.
    func close() {
        for (key, stream) in streams { add(key, stream.finish()) }
        streams = [:]
    }

    /// Takes what was found out here.
    func add(_ key: ResidentKey, _ digest: Digest?) { (found[key], new[key]) = (digest, digest) }

    /// What was made here since the last time.
    func takeNew() -> [ResidentKey: Digest] {
        defer { new = [:] }
        return new
    }

    /// Takes what another rank has found out.
    func know(_ key: ResidentKey, _ digest: Digest) { found[key] = digest }

    /// Makes the digest of a tensor that no pass has gone over whole.
    func read(_ source: any TensorSource, _ key: ResidentKey) throws {
        add(key, try source.digest())
    }

    /// What takes the bytes of a tensor: one source of a task alone.
    private func stream(_ model: Int, _ tensor: TensorID) -> StreamDigest? {
        let key = ResidentKey(model: model, tensor: tensor)
        guard model != Program.noModel, found[key] == nil, streams[key] == nil else { return nil }
        let stream = StreamDigest()
        streams[key] = stream
        return stream
    }
}

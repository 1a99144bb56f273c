import DPPASupport
import Synchronization

/// The model that a pack goes onto, checked to be the one that it was made onto: names, types and shapes when it is opened,
/// bytes when a tensor is first read.
final class PackBase: Sendable {
    let model: OpenModel
    /// What the pack says of it.
    private let stated: [PackDescription.Tensor]
    private let pack: String
    private let places: [String: Int]
    private let checks: [Check]

    /// Whether a tensor's bytes have been looked at, by one thread while others wait for it.
    private final class Check: Sendable {
        let isDone = Mutex(false)
    }

    /// Throws `data` when names, types or shapes differ, or the bytes of small tensors.
    init(_ model: OpenModel, stated: [PackDescription.Tensor], pack: String) throws {
        (self.model, self.stated, self.pack) = (model, stated, pack)
        places = Dictionary(stated.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        checks = stated.map { _ in Check() }
        let others = stated.filter { !fits($0) }.map(\.name)
        let further = model.tensors.map(\.facts.name).filter { places[$0] == nil }
        guard others.isEmpty, further.isEmpty else { throw mismatch(others + further) }
        try checkSmall()
    }

    /// Norms and biases tell most other models apart, and are read at once.
    private func checkSmall() throws {
        var left = Self.sampleSize
        for tensor in stated {
            let size = tensor.shape.reduce(tensor.dtype.byteSize, *)
            guard size <= Self.smallSize, size <= left else { continue }
            left -= size
            try require(tensor)
        }
    }

    /// The most bytes of a tensor that is checked when the pack is opened, and of all of them.
    private static let smallSize = 64 << 10
    private static let sampleSize = 4 << 20

    /// Throws `data` when a tensor is not the one that the pack was made onto.
    func require(_ tensor: PackDescription.Tensor) throws {
        guard let place = places[tensor.name] else { return }
        try checks[place].isDone.withLock { isDone in
            guard !isDone else { return }
            guard try isEqual(tensor) else {
                let others = try stated.filter { try !isEqual($0) }
                throw mismatch(others.map(\.name))
            }
            isDone = true
        }
    }

    /// What the pack says of a tensor of the base.
    func stated(_ name: String) -> PackDescription.Tensor? { places[name].map { stated[$0] } }

    private func fits(_ tensor: PackDescription.Tensor) -> Bool {
        let source = model.source(tensor.name)
        return source?.dtype == tensor.dtype && source?.shape == tensor.shape
    }

    private func isEqual(_ tensor: PackDescription.Tensor) throws -> Bool {
        try model.source(tensor.name)?.digest() == tensor.digest
    }

    /// The error for a base that differs in some tensors, the first of which is told.
    private func mismatch(_ names: [String]) -> DPPAError {
        let name = names.min { $0.precedes($1) } ?? ""
        let (there, here) = (stated(name), model.source(name))
        let what =
            switch (there, here) {
            case (let there?, let here?) where here.dtype == there.dtype && here.shape == there.shape:
                "the bytes of \(name.shown)"
            case (let there?, let here?):
                "\(name.shown), which is \(here.dtype.rawValue) \(here.shape) and was \(there.words)"
            case (_?, nil): "\(name.shown), which is missing"
            default: "\(name.shown), which was not there"
            }
        let digest = PackDescription.digest(of: stated).map { ["the base that it was made onto has the digest \($0)"] }
        return DPPAError(
            .data,
            "\(pack) was made onto another model than \(model.title): "
                + "\(names.count) of \(Phrase.counted(stated.count, "tensor")) differ, first \(what)",
            notes: ["name the base that it was made onto, in the version that it was then"] + (digest ?? []))
    }
}

import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// A tensor of a model beside that of its base.
struct PackSubject: Sendable {
    let name: String
    /// The model's; nil where only the base has it.
    let own: (any TensorSource)?
    let base: (any TensorSource)?
    /// What was asked of it.
    let loss: PackLoss.Coding?
    let ownDigest = StreamDigest()
    let baseDigest = StreamDigest()

    /// Whether words of the base can be the model's.
    var isComparable: Bool {
        guard let own, let base else { return false }
        return own.dtype == base.dtype && PackCoding.isRowwise(own.shape, base.shape)
    }

    /// Whether what was asked of it can be done; nil where it can, else why not.
    var refusal: String? {
        guard let own, let base, own.dtype == base.dtype, own.shape == base.shape else {
            return "the base has no such tensor"
        }
        guard PackCoding.takesLoss(own.dtype) else { return "it is \(own.dtype.rawValue)" }
        if case .lowrank? = loss, own.shape.count != 2 { return "it is no matrix" }
        return nil
    }

    /// Whether differences are looked at as numbers.
    var isMeasured: Bool { loss != nil && refusal == nil }

    var count: Int { own?.shape.reduce(1, *) ?? 0 }
    var baseCount: Int { base?.shape.reduce(1, *) ?? 0 }
}

/// A model and its base, piece by piece, each on one of several threads: memory in proportion to these alone.
final class PackPieces: Sendable {
    /// Elements of a piece: a multiple of what groups, bits and digests go by.
    static let size = 1 << 17

    /// Where a piece lies.
    struct Piece: Sendable {
        /// The number of its tensor.
        let subject: Int
        /// The flat index of its first element.
        let start: Int
    }

    /// A piece in memory.
    struct Loaded {
        /// Its number.
        let number: Int
        let subject: PackSubject
        /// The model's elements.
        let range: Range<Int>
        let own: Buffer<UInt8>
        let base: Buffer<UInt8>
        /// Which of them have changed, where that can be told.
        let bits: Buffer<UInt8>

        /// The model's bytes.
        var bytes: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: own.pointer, count: range.count * (subject.own?.dtype.byteSize ?? 0))
        }
    }

    private final class Buffers: Sendable {
        let own = Buffer<UInt8>(PackPieces.size * 8)
        let base = Buffer<UInt8>(PackPieces.size * 8)
        let bits = Buffer<UInt8>(ChangedBits.byteCount(PackPieces.size))
    }

    /// In the order of their names.
    let subjects: [PackSubject]
    let pieces: [Piece]
    private let pool: WorkerPool
    private let buffers: [Buffers]
    private let observer: (any EngineObserver)?

    init(_ subjects: [PackSubject], threads: Int, observer: (any EngineObserver)?) {
        self.subjects = subjects
        self.observer = observer
        pieces = subjects.enumerated().flatMap { number, subject in
            stride(from: 0, to: max(subject.count, subject.baseCount), by: Self.size).map {
                Piece(subject: number, start: $0)
            }
        }
        pool = WorkerPool(width: threads)
        buffers = (0..<pool.width).map { _ in Buffers() }
    }

    /// The bytes of both models.
    var byteCount: Int {
        subjects.reduce(0) { sum, subject in
            sum + (subject.own?.bytesRead(subject.count) ?? 0) + (subject.base?.bytesRead(subject.baseCount) ?? 0)
        }
    }

    /// Loads pieces by number and hands each to `body`, on any thread; digests are made of all that is loaded where that is
    /// asked for.
    func run(
        _ numbers: [Int], stage: String, digests: Bool, _ body: @escaping @Sendable (Loaded) throws -> Void
    ) throws {
        observer?.begin(stage: stage)
        try pool.run(numbers.count) { [self] index, worker in
            try observer?.checkInterruption()
            let piece = pieces[numbers[index]]
            let (loaded, bytes) = try load(numbers[index], piece, buffers[worker], digests: digests)
            try body(loaded)
            observer?.advance(bytes: bytes)
        }
    }

    private func load(
        _ number: Int, _ piece: Piece, _ buffers: Buffers, digests: Bool
    ) throws -> (Loaded, bytes: Int) {
        let subject = subjects[piece.subject]
        func read(
            _ source: (any TensorSource)?, _ count: Int, _ buffer: Buffer<UInt8>, _ digest: StreamDigest
        ) throws -> (range: Range<Int>, bytes: Int) {
            let range = min(piece.start, count)..<min(piece.start + Self.size, count)
            guard let source, !range.isEmpty else { return (range, 0) }
            try source.load(range, into: buffer.pointer)
            let size = source.dtype.byteSize
            if digests {
                digest.add(
                    UnsafeRawBufferPointer(start: buffer.pointer, count: range.count * size),
                    at: range.lowerBound * size)
            }
            return (range, source.bytesRead(range.count))
        }
        let own = try read(subject.own, subject.count, buffers.own, subject.ownDigest)
        var base = (range: 0..<0, bytes: 0)
        if digests || subject.isComparable {
            base = try read(subject.base, subject.baseCount, buffers.base, subject.baseDigest)
        }
        if subject.isComparable, let size = subject.own?.dtype.byteSize {
            let common = min(own.range.count, base.range.count)
            _ = ChangedBits.compare(
                buffers.own.pointer, buffers.base.pointer, size: size, count: common, into: buffers.bits.pointer)
            // Rows that the base does not have have all changed.
            ChangedBits.set(common..<own.range.count, in: buffers.bits.pointer)
        }
        let loaded = Loaded(
            number: number, subject: subject, range: own.range, own: buffers.own, base: buffers.base, bits: buffers.bits
        )
        return (loaded, own.bytes + base.bytes)
    }
}

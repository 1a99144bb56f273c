import DPPAKernels
import DPPASupport

/// A tensor of a model that a pack makes of its base: the model's own words, wherever they are kept.
package final class PackedTensor: TensorSource {
    /// What is done to the base's elements.
    enum Change: Sendable {
        /// Nothing is left of them.
        case whole(any TensorSource)
        /// Some words are others.
        case words(any PackedWords)
        /// Differences in float32 are added, and the sum is rounded once: what lossy codings keep.
        case difference(any TensorSource)
    }

    private let name: String
    package let shape: [Int]
    package let dtype: DType
    /// How it is kept.
    package let coding: PackCoding
    /// The digest of the model's tensor; nil where the coding is lossy.
    package let digest: Digest?
    private let change: Change
    /// The tensor that it is made of; nil where it is whole.
    private let stated: PackDescription.Tensor?
    private let base: PackBase
    /// The bytes that the pack has of it.
    private let storedBytes: Int

    init(
        _ tensor: PackDescription.Tensor, _ coding: PackCoding, _ change: Change, storedBytes: Int,
        of stated: PackDescription.Tensor?, in base: PackBase
    ) {
        (name, shape, dtype, digest) = (tensor.name, tensor.shape, tensor.dtype, tensor.digest)
        (self.coding, self.change, self.storedBytes) = (coding, change, storedBytes)
        (self.stated, self.base) = (stated, base)
    }

    package var encoding: String { "\(dtype.rawValue) \(coding.name)" }

    package func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        switch change {
        case .whole(let source): try source.load(elements, into: buffer)
        case .words(let words):
            try loadBase(elements, into: buffer)
            try words.apply(elements, into: buffer)
        case .difference(let difference):
            let (values, deltas) = (try source().floats(elements), try difference.floats(elements))
            for index in 0..<elements.count { values.pointer[index] += deltas.pointer[index] }
            DTypeConversion.encode(values.pointer, as: dtype, into: buffer, count: elements.count)
            withExtendedLifetime((values, deltas)) {}
        }
    }

    /// The base's tensor, whose bytes are those that the pack was made onto.
    private func source() throws -> any TensorSource {
        guard let stated, let source = base.model.source(stated.name) else {
            throw DPPAError(.internalFault, "\(name.shown) of a pack has no tensor of a base")
        }
        try base.require(stated)
        return source
    }

    /// The base's words, and zeros where it has fewer rows.
    private func loadBase(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let own = try source()
        let common = elements.clamped(to: 0..<own.shape.reduce(1, *))
        if !common.isEmpty { try own.load(common, into: buffer) }
        let rest = elements.count - common.count
        (buffer + common.count * dtype.byteSize).initializeMemory(
            as: UInt8.self, repeating: 0, count: rest * dtype.byteSize)
    }

    package func bytesRead(_ elements: Int) -> Int {
        let own = stated.flatMap { base.model.source($0.name) }?.bytesRead(elements) ?? 0
        return own + Int(Double(storedBytes) * Double(elements) / Double(max(1, shape.reduce(1, *))))
    }
}

/// ± a scale by the signs that a pack has: the differences of the coding `sign`.
struct SignSource: TensorSource {
    let shape: [Int]
    let dtype = DType.f32
    let signs: StoredTensor
    /// One number.
    let scale: StoredTensor

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        let bytes = elements.lowerBound / 8..<ChangedBits.byteCount(elements.upperBound)
        let bits = Buffer<UInt8>(bytes.count)
        try signs.load(bytes, into: bits.pointer)
        let scales = try scale.floats(0..<1)
        let size = scales.pointer[0]
        let out = buffer.assumingMemoryBound(to: Float.self)
        let first = elements.lowerBound & 7
        for index in 0..<elements.count {
            let bit = bits.pointer[(first + index) >> 3] >> UInt8((first + index) & 7) & 1
            out[index] = bit == 1 ? size : -size
        }
        withExtendedLifetime((bits, scales)) {}
    }
}

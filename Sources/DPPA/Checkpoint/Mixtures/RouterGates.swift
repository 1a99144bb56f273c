import DPPAKernels
import DPPASupport

/// The numbers of a mixture's routers: of each expert, and of one that all tokens go to, a row for each layer.
package enum RouterGates: Sendable {
    /// N(0, 1) for each element, by the seed and the router's name.
    case normal(seed: UInt64)
    /// Uniform in ±1/√hidden, as a linear module begins.
    case uniform(seed: UInt64)
    /// The rows themselves, by expert and layer, those of the expert for all tokens last.
    case rows([[Buffer<Float>]])
    /// Rows that nobody has computed yet, as where no weight is to be read: zeros.
    case unknown

    /// What two routers do not have in common.
    var spelling: String {
        switch self {
        case .normal(let seed): "normal \(seed)"
        case .uniform(let seed): "uniform \(seed)"
        case .unknown: "unknown"
        case .rows(let rows):
            "rows "
                + String(
                    Fingerprint.of(
                        rows.joined().flatMap { row in
                            row.array().flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
                        }), radix: 16)
        }
    }

    /// A router's matrix, or a part of it: the rows of some experts in a layer.
    func source(_ name: String, layer: Int, experts: Range<Int>, hidden: Int, written: DType) -> any TensorSource {
        let shape = [experts.count, hidden]
        switch self {
        case .normal(let seed):
            return RandomGates(shape: shape, written: written, kind: .normal(Self.normalStream(seed, name)))
        case .uniform(let seed):
            let stream = RandomStream(seed: seed, stream: Self.stream, tensor: name)
            return RandomGates(
                shape: shape, written: written, kind: .uniform(stream, bound: 1 / Float(hidden).squareRoot()))
        case .unknown: return ZeroSource(shape: shape, dtype: .f32, written: written)
        case .rows(let rows):
            let values = Buffer<Float>(experts.count * hidden)
            for (place, expert) in experts.enumerated() {
                (values.pointer + place * hidden).update(from: rows[expert][layer].pointer, count: hidden)
            }
            return ValueSource(shape: shape, values: values, written: written)
        }
    }

    private static let stream = "gates"
    private static func normalStream(_ seed: UInt64, _ name: String) -> NormalStream {
        NormalStream(seed: seed, stream: stream, tensor: name)
    }
}

/// Random numbers as a tensor.
private struct RandomGates: TensorSource {
    enum Kind {
        case normal(NormalStream)
        case uniform(RandomStream, bound: Float)
    }

    let shape: [Int]
    let written: DType
    let kind: Kind
    var dtype: DType { .f32 }
    var writtenDType: DType { written }

    func bytesRead(_ elements: Int) -> Int { 0 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let target = buffer.assumingMemoryBound(to: Float.self)
        switch kind {
        case .normal(let stream): stream.normal(firstIndex: elements.lowerBound, count: elements.count, into: target)
        case .uniform(let stream, let bound):
            stream.uniform(firstIndex: elements.lowerBound, count: elements.count, into: target)
            for index in 0..<elements.count { target[index] = (2 * target[index] - 1) * bound }
        }
    }
}

/// Numbers in memory as a tensor.
private struct ValueSource: TensorSource {
    let shape: [Int]
    let values: Buffer<Float>
    let written: DType
    var dtype: DType { .f32 }
    var writtenDType: DType { written }

    func bytesRead(_ elements: Int) -> Int { 0 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        buffer.assumingMemoryBound(to: Float.self)
            .update(from: values.pointer + elements.lowerBound, count: elements.count)
    }
}

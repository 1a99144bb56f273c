import Synchronization

/// Counts the infinities and NaNs of the inputs of a run, by model, and remembers one tensor of each.
final class NonFiniteCounters: Sendable {
    /// What was seen of one model.
    struct Seen: Sendable {
        var count = 0
        var tensor = ""
    }

    private let seen = Mutex<[Int: Seen]>([:])

    /// Counts among raw elements of a floating-point type.
    func count(_ bytes: UnsafeRawPointer, _ dtype: DType, _ count: Int, model: Int, _ tensor: String) {
        let found =
            switch dtype {
            case .bf16: Self.ones(bytes, count, mask: UInt16(0x7F80))
            case .f16: Self.ones(bytes, count, mask: UInt16(0x7C00))
            case .f32: Self.ones(bytes, count, mask: UInt32(0x7F80_0000))
            case .f64: Self.ones(bytes, count, mask: UInt64(0x7FF0_0000_0000_0000))
            case .f8E5M2: Self.ones(bytes, count, mask: UInt8(0x7C))
            case .f8E4M3: Self.ones(bytes, count, mask: UInt8(0x7F))
            default: 0
            }
        guard found > 0 else { return }
        seen.withLock { $0[model, default: Seen(count: 0, tensor: tensor)].count += found }
    }

    /// What was counted, by model.
    var all: [Int: Seen] { seen.withLock { $0 } }

    /// How many elements have all the bits of a mask: the exponent of infinities and NaNs.
    @inline(__always)
    private static func ones<Bits: FixedWidthInteger>(_ bytes: UnsafeRawPointer, _ count: Int, mask: Bits) -> Int {
        var found = 0
        for index in 0..<count {
            let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
            found &+= bits & mask == mask ? 1 : 0
        }
        return found
    }
}

/// An output that is not finite although every input is; the engine turns it into an error in words.
struct NonFiniteOutput: Error {
    var facts: TensorFacts
    var index: Int
    var value: Float
    var dtype: DType
    /// The first operation whose result is not finite; nil if the output type cannot hold the number.
    var node: NodeID?

    /// The error for the user.
    func described(_ graph: Graph) -> DPPAError {
        let name = "\(facts.name)[\(NonFiniteOutput.position(index, facts.shape))]"
        guard let node else {
            return DPPAError(
                .data, "\(name) is \(value) in \(dtype.rawValue): the number is too large for this type",
                notes: ["write another one with --dtype f32 or --dtype bf16"])
        }
        return DPPAError(
            .data, "\(name) is not finite although every input is: `\(graph.formula(node, depth: 2))` gives \(value)",
            notes: ["guard the operation with where(…, …, 0), as for a division by something that can be 0"],
            location: graph[node].location)
    }

    private static func position(_ index: Int, _ shape: [Int]) -> String {
        var (rest, position) = (index, [Int]())
        for size in shape.reversed() {
            position.append(rest % max(1, size))
            rest /= max(1, size)
        }
        return position.reversed().map(String.init).joined(separator: ", ")
    }
}

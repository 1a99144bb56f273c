import DPPAKernels

/// How a pack keeps a tensor.
package enum PackCoding: Hashable, Sendable {
    /// Not at all: it is the base's.
    case same
    /// All words.
    case dense
    /// A bit for each word, whether it differs from the base's, and the words that do.
    case bitmask
    /// The words that differ, and the gaps between them.
    case gaps
    /// n words of every m, and their places.
    case groups(n: Int, m: Int)
    /// The sign of each difference, and their mean size: 1 bit for an element. Lossy.
    case sign
    /// The difference as a product of two matrices of a rank. Lossy.
    case lowrank(Int)

    /// The name in a pack's description.
    package var name: String {
        switch self {
        case .same: "same"
        case .dense: "dense"
        case .bitmask: "bitmask"
        case .gaps: "gaps"
        case .groups: "nm"
        case .sign: "sign"
        case .lowrank: "lowrank"
        }
    }

    /// All names.
    static let names = ["same", "dense", "bitmask", "gaps", "nm", "sign", "lowrank"]

    /// The name with its numbers, for people.
    package var words: String {
        switch self {
        case .groups(let n, let m): "\(n):\(m)"
        case .lowrank(let rank): "lowrank \(rank)"
        default: name
        }
    }

    /// Whether something of the tensor is lost.
    package var isLossy: Bool {
        switch self {
        case .sign, .lowrank: true
        default: false
        }
    }

    /// Whether elements of a type can be sums that are rounded: numbers of 16 bits or more.
    package static func takesLoss(_ dtype: DType) -> Bool { dtype.isFloat && dtype.byteSize > 1 }

    /// Whether words of a base in one shape can be those of a model in another: they differ at most in how many rows there
    /// are.
    package static func isRowwise(_ a: [Int], _ b: [Int]) -> Bool {
        a == b || a.count == b.count && a.dropFirst() == b.dropFirst()
    }

    /// A tensor of the file that belongs to one of the model: `values/NAME`.
    package struct Part: Sendable {
        /// What it holds: `dense`, `values`, `mask`, `gaps`, `places`, `signs`, `scale`, `up`, `down`, `lost`.
        package var word: String
        package var dtype: DType
        package var shape: [Int]

        /// The name in the file: no two tensors have one of a part, whatever they are called.
        package func name(of tensor: String) -> String { word + "/" + tensor }

        package var byteCount: Int { shape.reduce(dtype.byteSize, *) }
    }

    /// The parts of a tensor with `kept` words that differ and gaps of `gapBytes` bytes.
    package func parts(_ dtype: DType, _ shape: [Int], kept: Int, gapBytes: Int) -> [Part] {
        let count = shape.reduce(1, *)
        let values = Part(word: "values", dtype: dtype, shape: [kept])
        let lost = Part(word: "lost", dtype: .f64, shape: [])
        switch self {
        case .same: return []
        case .dense: return [Part(word: "dense", dtype: dtype, shape: shape)]
        case .bitmask: return [values, Part(word: "mask", dtype: .u8, shape: [ChangedBits.byteCount(count)])]
        case .gaps: return [values, Part(word: "gaps", dtype: .u8, shape: [gapBytes])]
        case .groups(let n, let m):
            return [
                Part(word: "values", dtype: dtype, shape: [count / m * n]),
                Part(word: "places", dtype: .u8, shape: [GroupCode.byteCount(groups: count / m, n: n, m: m)]),
            ]
        case .sign:
            return [
                Part(word: "signs", dtype: .u8, shape: [ChangedBits.byteCount(count)]),
                Part(word: "scale", dtype: .f32, shape: []), lost,
            ]
        case .lowrank(let rank):
            return [
                Part(word: "up", dtype: .f32, shape: [shape[0], rank]),
                Part(word: "down", dtype: .f32, shape: [rank, shape[1]]), lost,
            ]
        }
    }
}

import DPPAKernels
import DPPASupport

/// A linear map and where its numbers lie: `y = x · wᵀ + b`, w being some outputs of a tensor.
///
/// Several maps may be stored as one tensor, and a tensor may be stored as [inputs, outputs].
struct Linear: Sendable {
    private let weight: ExpectedTensor
    private let bias: ExpectedTensor?
    /// Whether the tensor is [inputs, outputs].
    let isTransposed: Bool
    /// How many outputs the tensor has.
    private let stored: Int
    let inputs: Int
    /// The outputs of the tensor that are this map's.
    fileprivate var range: Range<Int>

    /// The map of the tensors MODULE.weight and, if it has one, MODULE.bias.
    init(_ module: String, outputs: Int, inputs: Int, hasBias: Bool = false, isTransposed: Bool = false) {
        weight = ExpectedTensor(
            name: module + ".weight", shape: isTransposed ? [inputs, outputs] : [outputs, inputs])
        bias = hasBias ? ExpectedTensor(name: module + ".bias", shape: [outputs]) : nil
        self.isTransposed = isTransposed
        self.inputs = inputs
        stored = outputs
        range = 0..<outputs
    }

    /// The map of some outputs alone.
    func part(_ outputs: Range<Int>) -> Linear {
        var part = self
        part.range = outputs
        return part
    }

    var outputs: Int { range.count }

    /// The tensor that its outputs are in.
    var tensor: String { weight.name }

    /// Whether it has the first of the tensor's outputs: of several maps in one tensor, which have the same inputs, one does.
    var isFirstPart: Bool { range.lowerBound == 0 }

    var tensors: [ExpectedTensor] { [weight] + [bias].compactMap { $0 } }

    /// Where its weights lie in the tensor.
    var place: WeightMatrix.Place {
        WeightMatrix.Place(outputs: range, inputs: inputs, stored: stored, isTransposed: isTransposed)
    }

    /// How many output columns one piece of a product has.
    private static let columns = 1024

    /// The blocks of outputs that are computed apart from each other.
    var blocks: Int { (outputs + Self.columns - 1) / Self.columns }

    /// One of those blocks.
    func block(_ number: Int) -> Range<Int> { number * Self.columns..<min(outputs, (number + 1) * Self.columns) }
}

/// A linear map with one candidate's numbers.
struct LoadedLinear: Sendable {
    let map: Linear
    let weights: WeightMatrix
    let bias: Buffer<Float>?

    /// `y = x · wᵀ + b` for some rows of x and one of the map's blocks of outputs; `adding` adds it to what y holds.
    func times(
        _ x: UnsafePointer<Float>, rows: Int, outputs: Range<Int>, adding: Bool = false,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        weights.times(x, rows: rows, outputs: outputs, adding: adding, into: y, stride: stride)
        guard let bias else { return }
        let first = map.range.lowerBound + outputs.lowerBound
        for row in 0..<rows {
            for column in 0..<outputs.count { y[row * stride + column] += bias.pointer[first + column] }
        }
    }
}

import DPPASupport

/// Takes note of what goes into some linears while a forward pass runs.
///
/// Of maps that lie in one tensor, and so have the same inputs, one is looked at. An expert of a mixture is told of by the tokens
/// that go to it.
final class InputCollector: @unchecked Sendable {
    let sums: [String: InputSums]

    /// A collector for the linears of some tensors, by name.
    init(_ linears: [CalibratedLinear], hasProducts: Bool) {
        sums = Dictionary(
            linears.map { ($0.name, InputSums(width: $0.inputs, hasProducts: hasProducts)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Adds what lies at a place for the rows of each batch.
    func add(
        _ map: Linear, _ state: Activations, rows: [Range<Int>], from source: @escaping ForwardPass.Place,
        _ pass: ForwardPass
    ) throws {
        guard map.isFirstPart, let sums = sums[map.tensor] else { return }
        sums.add(tokens: rows.reduce(0) { $0 + $1.count })
        let size = InputSums.columns
        try pass.each((sums.width + size - 1) / size) { number, _ in
            sums.add(source(state), rows: rows, columns: number * size..<min(sums.width, (number + 1) * size))
        }
    }
}

/// A linear of a block whose inputs are looked at.
package struct CalibratedLinear: Sendable {
    /// The tensor with its weight.
    package var name: String
    package var layer: Int
    package var inputs: Int
    /// Whether the tensor is [inputs, outputs].
    package var isTransposed: Bool
}

extension Network {
    /// The linears of the blocks whose tensors a test lets through, each tensor once, by block in the order of use.
    func linears(where isWanted: (String) -> Bool) -> [[CalibratedLinear]] {
        blocks.enumerated().map { number, block in
            block.flatMap(\.part.linears).filter { $0.isFirstPart && isWanted($0.tensor) }.map {
                CalibratedLinear(name: $0.tensor, layer: number, inputs: $0.inputs, isTransposed: $0.isTransposed)
            }
        }
    }
}

internal import CTiles
import DPPASupport

/// A matrix of bfloat16 weights in the order in which the processor's tiles multiply it; the weights are not rounded, so it is there
/// only where every one is such a number.
///
/// A product is as exact as one in float32 (`CTiles.h`), takes less time, and reads half the bytes of the weights.
package final class WeightTiles: Sendable {
    package let outputs, inputs: Int
    private let packed: Buffer<UInt16>

    /// Whether this processor has tiles whose products are right.
    package static let areAvailable = ctiles_prepare() != 0 && areRight()

    /// How many outputs are packed together.
    static let panel = Int(CTILES_PANEL)

    private init(outputs: Int, inputs: Int) {
        (self.outputs, self.inputs) = (outputs, inputs)
        packed = Buffer<UInt16>(ctiles_packed_size(outputs, inputs))
    }

    /// Packs weights, of which output i and input j stands at `i * outputStride + j * inputStride`; `run` carries out numbered pieces
    /// of the work, in any order and on any thread.
    ///
    /// Nil where the processor has no tiles or a weight is no bfloat16 number.
    package static func packing(
        _ weights: UnsafePointer<Float>, outputStride: Int, inputStride: Int, outputs: Int, inputs: Int,
        run: (_ count: Int, _ piece: @escaping @Sendable (Int) -> Void) throws -> Void
    ) rethrows -> WeightTiles? {
        guard areAvailable, outputs > 0, inputs > 0 else { return nil }
        return try packed(
            weights, outputStride: outputStride, inputStride: inputStride, outputs: outputs, inputs: inputs, run: run)
    }

    private static func packed(
        _ weights: UnsafePointer<Float>, outputStride: Int, inputStride: Int, outputs: Int, inputs: Int,
        run: (_ count: Int, _ piece: @escaping @Sendable (Int) -> Void) throws -> Void
    ) rethrows -> WeightTiles? {
        let tiles = WeightTiles(outputs: outputs, inputs: inputs)
        let panels = (outputs + panel - 1) / panel
        let pieces = (panels + panelsPerPiece - 1) / panelsPerPiece
        let isExact = Buffer<Bool>(pieces)
        nonisolated(unsafe) let weights = weights
        try run(pieces) { piece in
            isExact.pointer[piece] = true
            let first = piece * panelsPerPiece
            for number in first..<min(panels, first + panelsPerPiece) {
                let output = number * panel
                let isPacked = ctiles_pack_panel(
                    weights + output * outputStride, outputStride, inputStride, min(panel, outputs - output), inputs,
                    tiles.packed.pointer + ctiles_packed_size(output, inputs))
                if isPacked == 0 {
                    isExact.pointer[piece] = false
                    break
                }
            }
        }
        return (0..<pieces).allSatisfy { isExact.pointer[$0] } ? tiles : nil
    }

    private static let panelsPerPiece = 8

    /// `y = x · wᵀ`, or `y += x · wᵀ`, for some of the outputs, the first a whole number of panels: x is m × inputs; strides between
    /// rows in elements.
    package func times(
        _ x: UnsafePointer<Float>, _ xStride: Int, rows m: Int, outputs range: Range<Int>, adding: Bool = false,
        into y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        let parts = Buffer<UInt16>(ctiles_parts_size(m, inputs))
        ctiles_multiply(
            x, xStride, m, packed.pointer + ctiles_packed_size(range.lowerBound, inputs), range.count, inputs,
            adding ? 1 : 0, y, yStride, parts.pointer)
        withExtendedLifetime(parts) {}
    }

    /// Whether a product of whole numbers, of which every order of summation gives the same, is what it should be.
    private static func areRight() -> Bool {
        let (m, n, k) = (37, 35, 67)
        let x = (0..<m * k).map { Float(($0 * 7919) % 65537 - 32768) }
        let w = (0..<n * k).map { Float(($0 * 53) % 3 - 1) }
        let found = w.withUnsafeBufferPointer { w in
            w.baseAddress.flatMap { weights in
                packed(weights, outputStride: k, inputStride: 1, outputs: n, inputs: k) { count, piece in
                    for number in 0..<count { piece(number) }
                }
            }
        }
        guard let tiles = found else { return false }
        var y = [Float](repeating: .nan, count: m * n)
        tiles.times(x, k, rows: m, outputs: 0..<n, into: &y, n)
        for row in 0..<m {
            for column in 0..<n {
                var sum: Float = 0
                for index in 0..<k { sum += x[row * k + index] * w[column * k + index] }
                if y[row * n + column] != sum { return false }
            }
        }
        return true
    }
}

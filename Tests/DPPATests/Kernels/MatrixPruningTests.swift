import DPPAKernels
import Foundation
import Testing

/// Pruning of whole matrices against the numbers of published programs, and against loops.
@Suite struct MatrixPruningTests {
    private static let weights: [Float] = [0.5, -1, 0.25, 0.75, -0.2, 0.4, 1, -0.6, 0.9, 0.1, -0.3, 0.05]
    /// Four tokens, a row each.
    private static let inputs: [Float] = [1, 0, 2, -1, 0, 1, 1, 1, 2, 1, 0, 0, 1, 1, -1, 2]

    private func matrix(_ values: [Float], columns: Int) -> Matrix {
        let matrix = Matrix(rows: values.count / columns, columns: columns)
        for (index, value) in values.enumerated() { matrix.values.pointer[index] = value }
        return matrix
    }

    private func pruned(_ options: SparseGPT.Options, share: Double = 0.5, scale: Float = 1) throws -> [Float] {
        let x = matrix(Self.inputs.map { $0 * scale }, columns: 4)
        let products = MatrixProduct.product(x, isTransposed: true, x)
        return try SparseGPT.prune(
            matrix(Self.weights, columns: 4), products: products, share: share, options
        ).values.array()
    }

    /// To six digits what the authors' program gives.
    @Test(
        arguments: [
            (SparseGPT.Options(), [0, -0.067146, 0, 0.246314, 0, 0, 1.06476, -0.40268, 0.9, 0, 0, 0]),
            (
                SparseGPT.Options(kept: 2, group: 4),
                [0, -0.067146, 0, 0.246314, 0, 0, 1.06476, -0.40268, 0.9, 0, -0.26743, 0]
            ),
            (SparseGPT.Options(block: 2), [0, -0.067146, 0, 0, 0, 0, 1.06476, -0.40268, 0.9, 0, 0, 0]),
        ] as [(SparseGPT.Options, [Float])])
    func sparseGPTIsThatOfTheAuthors(_ options: SparseGPT.Options, _ right: [Float]) throws {
        // In any scale of the inputs.
        for scale: Float in [1, 0.125] {
            let found = try pruned(options, scale: scale)
            #expect(found.count == right.count)
            for (found, right) in zip(found, right) { #expect(abs(found - right) < 2e-6, "\(found), \(right)") }
        }
    }

    @Test func nothingGoesAtZeroAndAllAtOne() throws {
        #expect(try pruned(SparseGPT.Options(), share: 0) == Self.weights)
        #expect(try pruned(SparseGPT.Options(), share: 1).allSatisfy { $0 == 0 })
    }

    /// An input that is always 0 has no say, and its weights go.
    @Test func silentInputs() throws {
        let x = matrix([1, 0, 2, 1, 0, -1, 2, 0, 1], columns: 3)
        let products = MatrixProduct.product(x, isTransposed: true, x)
        let found = try SparseGPT.prune(
            matrix([1, 5, 2, -1, 7, 3], columns: 3), products: products, share: 0, SparseGPT.Options())
        #expect(found.values.array() == [1, 0, 2, -1, 0, 3])
    }

    @Test func productsThatAreNoneAreRefused() {
        let products = matrix([1, 2, 2, 1], columns: 2)
        #expect(throws: MatrixFailure.self) {
            try SparseGPT.prune(
                matrix([1, 2], columns: 2), products: products, share: 0.5, SparseGPT.Options(damp: 0))
        }
    }

    struct Solved: Decodable {
        var sparsity: Double
        var keep: Int
        var weights, products, result: [Float]
    }

    /// Against the same rounds in NumPy (DPPARunTests/Fixtures/pruning).
    @Test func alpsIsThatOfNumPy() throws {
        struct Expected: Decodable { var alps: [Solved] }
        let file = URL(fileURLWithPath: CalibrationTests.folder + "/expected.json")
        let all = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file)).alps
        #expect(all.count == 4)
        for solved in all {
            let options = ALPS.Options(kept: solved.keep, group: solved.keep > 0 ? 4 : 0)
            let found = try ALPS.prune(
                matrix(solved.weights, columns: 16), products: matrix(solved.products, columns: 16),
                share: solved.sparsity, options
            ).values.array()
            #expect(found.count == solved.result.count)
            for (found, right) in zip(found, solved.result) { #expect(abs(found - right) < 1e-5, "\(found), \(right)") }
        }
    }

    /// Against a sort of each group; among equals the first stay.
    @Test(arguments: [(2, 4), (0, 3), (1, 2), (4, 8), (3, 3)]) func theLargestOfEachGroup(_ kept: Int, _ group: Int) {
        var random = SplitMix(5)
        let values = (0..<group * 40).map { _ in Float(random.next() % 6) - 3 }
        let found = ConsecutiveChoice.of(matrix(values, columns: group * 4), kept: kept, group: group).values.array()
        for start in stride(from: 0, to: values.count, by: group) {
            let order = (start..<start + group).sorted { (values[$1], $0) < (values[$0], $1) }
            for (place, index) in order.enumerated() { #expect(found[index] == (place < kept ? 1 : 0)) }
        }
    }
}

import DPPAKernels

/// What is computed of whole tensors as matrices, each in memory at once.
///
/// Its elements are then as good as those of a model: a leaf of the rest of the expression. A result may have another shape than
/// the operands; it is a tensor of the same name, of which a graph may have several shapes.
package enum MatrixOperation: Hashable, Sendable {
    /// What a singular value decomposition leaves.
    package enum Part: Sendable, CaseIterable {
        case left, values, right
    }

    /// A part of the thin decomposition of one matrix; the shape says how many triplets there are.
    case svd(Part, SingularValues.Options)
    /// U · Vᵀ of one matrix.
    case polar(tolerance: Double, isSingle: Bool)
    /// The product of two.
    case product
    /// Rows and columns exchanged.
    case transpose
    /// The least solution x of a · x = b, a symmetric.
    case solve(ridge: Double, tolerance: Double)
    /// 1 for the largest of each few consecutive elements of a row, 0 for the others.
    case consecutive(kept: Int, group: Int)
    /// One matrix pruned by the products of its inputs; the third operand has the share that goes everywhere.
    case sparseGPT(SparseGPT.Options)
    /// 1 for what stays by a mask that was repaired, 0 for what goes: of weights, a mask, sums, variances and norms of inputs.
    case dsnot(DSnoT.Options)
    /// The same by ALPS.
    case alps(ALPS.Options)
    /// Side by side.
    case beside
    /// One below the other.
    case below
    /// Sums along each row.
    case cumulated
    /// A block, 0 outside of the operand; the shape is its size, the graph's tables say where it begins.
    case block(firstRow: Int, firstColumn: Int)
    /// The operand, kept in memory.
    case whole
    /// One number of a vector for each row, or for each column.
    case alongRows, alongColumns

    /// What recipes call it.
    package var name: String {
        switch self {
        case .svd: "svd"
        case .polar: "polar"
        case .product: "matmul"
        case .transpose: "transpose"
        case .solve: "solve"
        case .consecutive: "n_of_m"
        case .sparseGPT: "sparsegpt"
        case .dsnot: "dsnot"
        case .alps: "alps"
        case .beside: "hstack"
        case .below: "vstack"
        case .cumulated: "cumsum"
        case .block: "block"
        case .whole: "whole"
        case .alongRows: "spread_rows"
        case .alongColumns: "spread_columns"
        }
    }
}

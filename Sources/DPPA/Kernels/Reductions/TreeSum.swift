/// Makes one number of many in an order that depends on their count alone.
package enum TreeSum {
    /// Joins leaves as a perfect binary tree aligned by index: (0, 1), (2, 3) …, then those pairs; a lone last one moves up.
    ///
    /// Nothing gives 0.
    package static func combine(_ op: ReductionOp, _ leaves: UnsafePointer<Double>, count: Int) -> Double {
        count > 0 ? join(op, 0, count) { leaves[$0] } : 0
    }

    /// Reduces float64 values by the scheme of elements: leaves of 4096 in sixteen lanes, then the tree.
    ///
    /// `other` is the second factor of `dot`; products are rounded to float64. Nothing gives 0.
    package static func reduce(
        _ op: ReductionOp, _ values: UnsafePointer<Double>, _ other: UnsafePointer<Double>?, count: Int
    ) -> Double {
        reduce(op, values, other, count: count, neutral: op.neutral)
    }

    /// The same for any storage type, with the leaves made where the tree asks for them.
    static func reduce<Element: Accumulable>(
        _ op: ReductionOp, _ x: UnsafePointer<Element>, _ y: UnsafePointer<Element>?, count: Int, neutral: Element
    ) -> Double {
        guard count > 0 else { return 0 }
        let size = LeafAccumulator.leafSize
        return join(op, 0, (count - 1) / size + 1) { leaf in
            let start = leaf * size
            var lanes = SIMD16<Double>(repeating: op.neutral)
            op.accumulate(
                x + start, y.map { $0 + start }, count: min(size, count - start), phase: 0, into: &lanes,
                neutral: neutral)
            return op.fold(lanes)
        }
    }

    /// The largest power of two below the count splits it as pairing level by level does.
    private static func join(_ op: ReductionOp, _ first: Int, _ count: Int, _ leaf: (Int) -> Double) -> Double {
        guard count > 1 else { return leaf(first) }
        let left = 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
        return op.join(join(op, first, left, leaf), join(op, first + left, count - left, leaf))
    }
}

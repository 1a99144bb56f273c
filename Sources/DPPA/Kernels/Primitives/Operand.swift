/// An operand of an element kernel.
package enum Operand {
    /// As many elements as the result has.
    case vector(UnsafePointer<Float>)
    /// One number for all elements.
    case scalar(Float)

    /// Calls a loop with where the elements of two operands are and how far the next sixteen of each lie.
    ///
    /// A scalar lies sixteen times in a place of its own, and its next sixteen at the same place: one loop does for all.
    @inline(__always)
    static func withElements(
        _ a: Operand, _ b: Operand, _ loop: (UnsafePointer<Float>, Int, UnsafePointer<Float>, Int) -> Void
    ) {
        withUnsafeBytes(of: (Lanes(repeating: a.number), Lanes(repeating: b.number))) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            loop(a.pointer ?? start, a.pointer == nil ? 0 : 16, b.pointer ?? start + 16, b.pointer == nil ? 0 : 16)
        }
    }

    /// The number of a scalar.
    @inline(__always)
    private var number: Float {
        if case .scalar(let value) = self { value } else { 0 }
    }

    /// The elements of a vector.
    @inline(__always)
    private var pointer: UnsafePointer<Float>? {
        if case .vector(let pointer) = self { pointer } else { nil }
    }
}

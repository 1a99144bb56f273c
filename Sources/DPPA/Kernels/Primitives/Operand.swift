/// An operand of an element kernel.
package enum Operand {
    /// As many elements as the result has.
    case vector(UnsafePointer<Float>)
    /// One number for all elements.
    case scalar(Float)
    /// As many elements as the result has, stored in bfloat16: read where they lie, at no alignment.
    case bf16(UnsafeRawPointer)

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

    /// Where elements in bfloat16 lie.
    @inline(__always)
    var stored: UnsafeRawPointer? {
        if case .bf16(let pointer) = self { pointer } else { nil }
    }
}

/// How a loop reads sixteen elements of an operand.
protocol LaneReader {
    /// Bytes from one element to the next.
    static var size: Int { get }
    static func lanes(_ bytes: UnsafeRawPointer) -> Lanes
    /// The first `count` of sixteen elements, where what lies behind them may not be read if it is no register's.
    static func lanes(_ bytes: UnsafeRawPointer, first count: Int) -> Lanes
}

/// Elements of a register, which has room for whole vectors.
enum RegisterReader: LaneReader {
    static var size: Int { 4 }
    @inline(__always)
    static func lanes(_ bytes: UnsafeRawPointer) -> Lanes { bytes.loadUnaligned(as: Lanes.self) }
    @inline(__always)
    static func lanes(_ bytes: UnsafeRawPointer, first count: Int) -> Lanes { lanes(bytes) }
}

/// Elements in bfloat16: the upper half of a float32.
enum BF16Reader: LaneReader {
    static var size: Int { 2 }
    @inline(__always)
    static func lanes(_ bytes: UnsafeRawPointer) -> Lanes {
        let halves = bytes.loadUnaligned(as: SIMD16<UInt16>.self)
        var words = SIMD16<UInt32>()
        // By hand: the generic conversion is a call.
        for lane in 0..<16 { words[lane] = UInt32(halves[lane]) &<< 16 }
        return unsafeBitCast(words, to: Lanes.self)
    }
    @inline(__always)
    static func lanes(_ bytes: UnsafeRawPointer, first count: Int) -> Lanes {
        var result = Lanes()
        for lane in 0..<count {
            let half = bytes.loadUnaligned(fromByteOffset: lane &* 2, as: UInt16.self)
            result[lane] = Float(bitPattern: UInt32(half) << 16)
        }
        return result
    }
}

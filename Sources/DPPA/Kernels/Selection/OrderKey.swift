/// Which order of elements a selection follows.
package enum KeyKind: Sendable {
    /// `OrderKey.ascending`: every element takes part, NaN as the largest.
    case ascending
    /// `OrderKey.largest`: only finite elements take part.
    case largest
    /// `OrderKey.largest` of the magnitude.
    case largestMagnitude
}

/// Integers that are ordered as float32 elements are.
package enum OrderKey {
    /// A key that grows with x: -0 and +0 are equal, NaN is the largest (UInt32.max).
    ///
    /// No element has the key 0.
    @inline(__always)
    package static func ascending(_ x: Float) -> UInt32 {
        guard !x.isNaN else { return .max }
        let bits = (x + 0).bitPattern
        return bits ^ (bits >> 31 == 1 ? .max : 1 << 31)
    }

    /// The ascending key of a finite element; 0, below all of them, for infinities and NaN.
    @inline(__always)
    package static func largest(_ x: Float) -> UInt32 { x.isFinite ? ascending(x) : 0 }

    /// The key of an element in one of the orders.
    @inline(__always)
    package static func key(_ x: Float, _ kind: KeyKind) -> UInt32 {
        switch kind {
        case .ascending: ascending(x)
        case .largest: largest(x)
        case .largestMagnitude: largest(x.magnitude)
        }
    }

    /// The element with this key: +0 for both zeros, NaN for the key of NaN and for keys that no element has.
    package static func value(_ key: UInt32) -> Float {
        let value = Float(bitPattern: key >> 31 == 1 ? key ^ 1 << 31 : ~key)
        return value.isNaN ? .nan : value
    }

    /// Writes the keys of elements.
    package static func fill(
        _ keys: UnsafeMutablePointer<UInt32>, _ x: UnsafePointer<Float>, count: Int, _ kind: KeyKind
    ) {
        var index = 0
        while index &+ 16 <= count {
            let lanes = signed(x.lanes(index), kind) ^ SIMD16(repeating: Int32.min)
            UnsafeMutableRawPointer(keys + index).storeBytes(of: lanes, as: SIMD16<Int32>.self)
            index &+= 16
        }
        while index < count {
            keys[index] = key(x[index], kind)
            index &+= 1
        }
    }

    /// The keys of sixteen elements minus 2^31: AVX2 compares signed integers only.
    @inline(__always)
    static func signed(_ x: Lanes, _ kind: KeyKind) -> SIMD16<Int32> {
        let size = SIMD16<Int32>(repeating: Int32.max)
        let least = SIMD16<Int32>(repeating: Int32.min)
        if kind == .largestMagnitude { return least.replacing(with: x.magnitudes.bits, where: x.isFinite) }
        let keys = signedOfFinite(x)
        return kind == .ascending
            ? keys.replacing(with: size, where: x .!= x) : least.replacing(with: keys, where: x.isFinite)
    }

    /// The same for finite elements.
    @inline(__always)
    static func signedOfFinite(_ x: Lanes) -> SIMD16<Int32> {
        // Adding +0 makes -0 a +0.
        let bits = (x + Lanes()).bits
        return bits ^ ((bits &>> SIMD16(repeating: 31)) & SIMD16<Int32>(repeating: Int32.max))
    }
}

/// Masks of elements, 0 and 1, as a bit for each: element i is bit i mod 8 of byte i / 8.
package enum MaskBits {
    /// What memory of a mask takes; expanding reads a few bytes beyond its last bit.
    package static func byteCount(_ elements: Int) -> Int { (elements + 7) / 8 + 8 }

    /// Bits from one on as elements; up to 15 elements behind them are written too.
    package static func expand(
        _ bits: UnsafeRawPointer, from first: Int, into out: UnsafeMutablePointer<Float>, count: Int
    ) {
        var index = 0
        while index < count {
            let place = first &+ index
            let word = (bits + place &>> 3).loadUnaligned(as: UInt32.self) &>> UInt32(truncatingIfNeeded: place & 7)
            let lanes = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: word)) & weights
            out.store(Lanes(lanes .!= SIMD16<Int32>()), index)
            index &+= 16
        }
    }

    /// The part of some places that `pack` can take: whole bytes, two at a time.
    package static func whole(_ places: Range<Int>) -> Range<Int> {
        let start = min((places.lowerBound &+ 7) & ~7, places.upperBound)
        return start..<start &+ (places.upperBound &- start) & ~15
    }

    /// The bits of places that are whole bytes, two at a time: 1 where an element is not 0.
    package static func pack(
        _ x: UnsafePointer<Float>, into bits: UnsafeMutableRawPointer, at places: Range<Int>
    ) {
        var place = places.lowerBound
        while place < places.upperBound {
            let lanes = x.lanes(place &- places.lowerBound).isTrue
            let chosen = SIMD16<Int32>().replacing(with: weights, where: lanes)
            (bits + place &>> 3).storeBytes(of: UInt16(truncatingIfNeeded: chosen.wrappedSum()), as: UInt16.self)
            place &+= 16
        }
    }

    /// Sets the bits of places whose elements are not 0, and leaves all others.
    package static func set(
        _ x: UnsafePointer<Float>, into bits: UnsafeMutableRawPointer, at places: Range<Int>
    ) {
        for place in places where x[place &- places.lowerBound] != 0 {
            let byte = bits + place &>> 3
            byte.storeBytes(of: byte.load(as: UInt8.self) | 1 &<< UInt8(truncatingIfNeeded: place & 7), as: UInt8.self)
        }
    }

    /// 2ⁱ in lane i.
    private static var weights: SIMD16<Int32> {
        SIMD16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    }
}

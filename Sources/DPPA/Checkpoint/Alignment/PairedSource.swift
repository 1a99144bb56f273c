import DPPAKernels
import DPPASupport

/// A tensor made of two of one size in turns: a few elements of one, as many of the other.
struct PairedSource: TensorSource {
    let shape: [Int]
    let first: any TensorSource
    let second: any TensorSource
    /// How many elements of each come in a row.
    let unit: Int

    /// The type of both, or float32, which holds all of them but float64 exactly.
    var dtype: DType { first.dtype == second.dtype ? first.dtype : .f32 }
    var writtenDType: DType { first.writtenDType == second.writtenDType ? first.writtenDType : dtype }
    var encoding: String {
        first.encoding == second.encoding ? first.encoding : "\(first.encoding) \(second.encoding)"
    }

    func bytesRead(_ elements: Int) -> Int { (first.bytesRead(elements) + second.bytesRead(elements)) / 2 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        switch dtype.byteSize {
        case 1: try load(elements, into: buffer, as: UInt8.self)
        case 2: try load(elements, into: buffer, as: UInt16.self)
        case 4: try load(elements, into: buffer, as: UInt32.self)
        default: try load(elements, into: buffer, as: UInt64.self)
        }
    }

    private func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _ elements: Range<Int>, into buffer: UnsafeMutableRawPointer, as type: Word.Type
    ) throws {
        let turns = elements.lowerBound / (2 * unit)..<(elements.upperBound - 1) / (2 * unit) + 1
        let range = turns.lowerBound * unit..<turns.upperBound * unit
        let halves = [Buffer<Word>(range.count), Buffer<Word>(range.count)]
        try first.load(range, as: dtype, into: halves[0].pointer)
        try second.load(range, as: dtype, into: halves[1].pointer)
        let target = buffer.assumingMemoryBound(to: Word.self)
        for turn in 0..<turns.count {
            for (place, half) in halves.enumerated() {
                let start = (turns.lowerBound + turn) * 2 * unit + place * unit
                let part = (start..<start + unit).clamped(to: elements)
                let from = half.pointer + turn * unit - start
                for index in part { target[index - elements.lowerBound] = from[index] }
            }
        }
    }
}

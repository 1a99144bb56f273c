import DPPACheckpoint
import DPPAKernels

/// Pieces of a tensor, one after the other, as if they were one: a sample is then evaluated in whole tiles.
struct GatheredSource: TensorSource {
    private let source: any TensorSource
    private let pieces: [Range<Int>]
    /// Where each piece begins among all elements, and how many there are.
    private let starts: [Int]
    private let count: Int

    init(_ source: any TensorSource, _ pieces: [Range<Int>]) {
        (self.source, self.pieces) = (source, pieces)
        var (starts, count) = ([Int](), 0)
        for piece in pieces {
            starts.append(count)
            count += piece.count
        }
        (self.starts, self.count) = (starts, count)
    }

    var shape: [Int] { [count] }
    var dtype: DType { source.dtype }
    func bytesRead(_ elements: Int) -> Int { source.bytesRead(elements) }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= elements.lowerBound { low = middle } else { high = middle }
        }
        for number in low..<starts.count {
            guard starts[number] < elements.upperBound else { return }
            let part = (starts[number]..<starts[number] + pieces[number].count).clamped(to: elements)
            guard !part.isEmpty else { continue }
            let first = pieces[number].lowerBound + part.lowerBound - starts[number]
            try source.load(
                first..<first + part.count, into: buffer + (part.lowerBound - elements.lowerBound) * dtype.byteSize)
        }
    }
}

extension Program {
    /// Whether the value of an element depends on nothing but the elements of the sources at its place.
    var isPlaceless: Bool {
        !needsRows
            && instructions.allSatisfy {
                switch $0.code {
                case .load, .spread, .unary, .binary, .select, .round, .addSelected: true
                case .spreadColumns, .rows, .uniform, .kept, .keep, .keptInColumns, .rank, .top, .reduce, .kth: false
                }
            }
    }
}

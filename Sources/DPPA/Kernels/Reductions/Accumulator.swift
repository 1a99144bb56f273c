/// What reductions accumulate: a state of one or several float64 numbers, in sixteen lanes.
///
/// Each lane takes in its elements in order; then states are joined, in an order that depends on counts alone
/// (`LeafAccumulator`, `ColumnAccumulator`, `Accumulation`). An accumulator is an enum without cases, and a constant of
/// `Accumulation`, in the file of a reduction.
package protocol Accumulator: AccumulatorLoops {
    /// A struct of nothing but `SIMD16<Double>`, one for each number.
    associatedtype State: BitwiseCopyable
    /// The state that has taken in nothing.
    static var neutral: State { get }
    /// Takes in an element for each lane; of a reduction with one operand `y` is x.
    static func step(_ state: inout State, _ x: SIMD16<Double>, _ y: SIMD16<Double>)
    /// Takes in, lane by lane, what another state has taken in behind this one.
    static func join(_ state: inout State, _ next: State)
}

/// What is accumulated, as jobs and programs hold it; copies count no references.
package struct Accumulation: Hashable, Sendable, CustomStringConvertible {
    let loops: any AccumulatorLoops.Type

    /// What an accumulator accumulates.
    package init(_ loops: any AccumulatorLoops.Type) { self.loops = loops }

    /// How many float64 numbers its state has: of a leaf, of a column, of a tensor.
    package var width: Int { loops.width }
    package var description: String { loops.name }

    package static func == (a: Accumulation, b: Accumulation) -> Bool { a.loops == b.loops }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(loops)) }
}

extension Accumulation {
    /// Joins leaves as a perfect binary tree aligned by index: (0, 1), (2, 3) …, then those pairs; a lone last one moves up.
    ///
    /// Each has `width` numbers. No leaf gives zeros.
    package func combine(_ leaves: UnsafePointer<Double>, leafCount: Int) -> [Double] {
        var copy = Array(UnsafeBufferPointer(start: leaves, count: leafCount * width))
        return combineColumns(&copy, leafCount: leafCount, rowLength: 1)
    }

    /// Joins the leaves of each column of a `ColumnAccumulator`, and gives the columns' first numbers, then their second.
    ///
    /// The leaves are used up. No leaf gives zeros.
    package func combineColumns(
        _ leaves: UnsafeMutablePointer<Double>, leafCount: Int, rowLength: Int
    ) -> [Double] {
        guard leafCount > 0 else { return [Double](repeating: 0, count: width * rowLength) }
        loops.combine(leaves, leafCount: leafCount, rowLength: rowLength)
        return Array(UnsafeBufferPointer(start: leaves, count: width * rowLength))
    }

    /// Reduces float64 values by the scheme of elements: leaves of 4096 in sixteen lanes, then the tree.
    ///
    /// `others` is the second operand, if there is one; products are rounded to float64. Nothing gives zeros.
    package func reduce(_ values: [Double], _ others: [Double]? = nil) -> [Double] {
        values.withUnsafeBufferPointer { x in
            (others ?? values).withUnsafeBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return numbers(0) { _, _ in } }
                return numbers(values.count) {
                    loops.take(x + $0.lowerBound, y + $0.lowerBound, count: $0.count, into: $1)
                }
            }
        }
    }

    /// Joins states, `width` numbers each, by the same scheme: what a tensor is to the model.
    package func join(_ states: [Double]) -> [Double] {
        states.withUnsafeBufferPointer { states in
            guard let start = states.baseAddress else { return numbers(0) { _, _ in } }
            return numbers(states.count / width) {
                loops.takeStates(start + $0.lowerBound * width, count: $0.count, into: $1)
            }
        }
    }

    private func numbers(
        _ count: Int, _ take: (Range<Int>, UnsafeMutablePointer<SIMD16<Double>>) -> Void
    ) -> [Double] {
        guard count > 0 else { return [Double](repeating: 0, count: width) }
        return [Double](unsafeUninitializedCapacity: width) { buffer, initialized in
            guard let numbers = buffer.baseAddress else { return }
            reduce(count, into: numbers, take)
            initialized = width
        }
    }

    /// Reduces so many samples, at least one, which `take` takes in, to `width` numbers.
    @inline(__always)
    func reduce(
        _ count: Int, into numbers: UnsafeMutablePointer<Double>,
        _ take: (Range<Int>, UnsafeMutablePointer<SIMD16<Double>>) -> Void
    ) {
        let (size, width) = (LeafAccumulator.leafSize, width)
        let leafCount = (count - 1) / size + 1
        withUnsafeTemporaryAllocation(of: SIMD16<Double>.self, capacity: width) { lanes in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: leafCount * width) { buffer in
                guard let state = lanes.baseAddress, let leaves = buffer.baseAddress else { return }
                for leaf in 0..<leafCount {
                    loops.start(state)
                    take(leaf * size..<min(count, (leaf + 1) * size), state)
                    loops.fold(state, into: leaves + leaf * width)
                }
                if leafCount > 1 { loops.combine(leaves, leafCount: leafCount, rowLength: 1) }
                numbers.update(from: leaves, count: width)
            }
        }
    }
}

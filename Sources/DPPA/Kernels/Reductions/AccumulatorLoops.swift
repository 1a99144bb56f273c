/// The loops over an accumulator, each compiled for it with its step inlined.
///
/// States in memory are `width` vectors of sixteen lanes; what is stored are numbers: the first number of each column, then the
/// second …, where a tensor or a row has one column.
package protocol AccumulatorLoops: Sendable {
    /// What it accumulates, in a word.
    static var name: String { get }
    static var width: Int { get }
    /// Makes a state neutral.
    static func start(_ state: UnsafeMutablePointer<SIMD16<Double>>)
    /// Takes in elements; the first belongs to lane `phase`, the next to the lane behind it.
    static func take(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int, phase: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>)
    /// Takes in float64 values from lane 0 on.
    static func take(
        _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, count: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>)
    /// Takes in states of `width` numbers, from lane 0 on.
    static func takeStates(
        _ states: UnsafePointer<Double>, count: Int, into state: UnsafeMutablePointer<SIMD16<Double>>)
    /// Joins the lanes in a fixed order: i with i + 8, then i + 4, i + 2, i + 1.
    static func fold(_ state: UnsafeMutablePointer<SIMD16<Double>>, into numbers: UnsafeMutablePointer<Double>)
    /// Takes in rows, each column into its own numbers, which are neutral if they are new.
    static func takeRows(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, rowCount: Int, rowLength: Int, isNew: Bool,
        into leaf: UnsafeMutablePointer<Double>)
    /// Joins leaves as a perfect binary tree aligned by index, into the first one.
    static func combine(_ leaves: UnsafeMutablePointer<Double>, leafCount: Int, rowLength: Int)
}

extension Accumulator {
    package static var width: Int { MemoryLayout<State>.size / MemoryLayout<SIMD16<Double>>.size }

    package static func start(_ state: UnsafeMutablePointer<SIMD16<Double>>) { store(neutral, state) }

    package static func take(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int, phase: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        takeAny(x, y, count: count, phase: phase, into: state)
    }

    package static func take(
        _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, count: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        takeAny(x, y, count: count, phase: 0, into: state)
    }

    @inline(__always)
    private static func takeAny<Element: Accumulable>(
        _ x: UnsafePointer<Element>, _ y: UnsafePointer<Element>, count: Int, phase: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        var index = 0
        if phase != 0 {
            index = min(16 - phase, count)
            takePart(x, y, count: index, phase: phase, into: state)
        }
        if index &+ 16 <= count {
            var sums = load(state)
            while index &+ 16 <= count {
                step(&sums, Element.widened(x + index), Element.widened(y + index))
                index &+= 16
            }
            store(sums, state)
        }
        if index < count { takePart(x + index, y + index, count: count - index, phase: 0, into: state) }
    }

    /// Takes in fewer than sixteen elements; the other lanes stay as they are.
    @inline(__always)
    private static func takePart<Element: Accumulable>(
        _ x: UnsafePointer<Element>, _ y: UnsafePointer<Element>, count: Int, phase: Int,
        into state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        var stepped = load(state)
        step(&stepped, Element.widened(x, count: count, phase: phase), Element.widened(y, count: count, phase: phase))
        keep(stepped, count: count, phase: phase, in: state)
    }

    package static func takeStates(
        _ states: UnsafePointer<Double>, count: Int, into state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        for first in stride(from: 0, to: count, by: 16) {
            let part = min(16, count - first)
            var next = neutral
            withNumbers(&next) { numbers in
                for lane in 0..<part {
                    for number in 0..<width { numbers[16 * number + lane] = states[(first + lane) * width + number] }
                }
            }
            var joined = load(state)
            join(&joined, next)
            keep(joined, count: part, phase: 0, in: state)
        }
    }

    package static func fold(
        _ state: UnsafeMutablePointer<SIMD16<Double>>, into numbers: UnsafeMutablePointer<Double>
    ) {
        var sums = load(state)
        for distance in [8, 4, 2, 1] {
            var other = sums
            withNumbers(&other) { lanes in
                for number in 0..<width {
                    for lane in 0..<distance { lanes[16 * number + lane] = lanes[16 * number + lane + distance] }
                }
            }
            join(&sums, other)
        }
        withNumbers(&sums) { lanes in for number in 0..<width { numbers[number] = lanes[16 * number] } }
    }

    package static func takeRows(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, rowCount: Int, rowLength: Int, isNew: Bool,
        into leaf: UnsafeMutablePointer<Double>
    ) {
        var column = 0
        while column &+ 16 <= rowLength {
            var sums = isNew ? neutral : columns(leaf + column, rowLength)
            var index = column
            for _ in 0..<rowCount {
                step(&sums, Float.widened(x + index), Float.widened(y + index))
                index &+= rowLength
            }
            setColumns(leaf + column, rowLength, sums)
            column &+= 16
        }
        guard column < rowLength else { return }
        let count = rowLength - column
        var sums = isNew ? neutral : columns(leaf + column, rowLength, count: count)
        for row in 0..<rowCount {
            let index = row &* rowLength &+ column
            step(
                &sums, Float.widened(x + index, count: count, phase: 0),
                Float.widened(y + index, count: count, phase: 0))
        }
        setColumns(leaf + column, rowLength, sums, count: count)
    }

    package static func combine(_ leaves: UnsafeMutablePointer<Double>, leafCount: Int, rowLength: Int) {
        let size = width * rowLength
        var distance = 1
        while distance < leafCount {
            for leaf in stride(from: 0, to: leafCount - distance, by: 2 * distance) {
                let (left, right) = (leaves + leaf * size, leaves + (leaf + distance) * size)
                for column in stride(from: 0, to: rowLength, by: 16) {
                    let count = min(16, rowLength - column)
                    var joined = columns(left + column, rowLength, count: count)
                    join(&joined, columns(right + column, rowLength, count: count))
                    setColumns(left + column, rowLength, joined, count: count)
                }
            }
            distance *= 2
        }
    }
}

/// States in memory.
extension Accumulator {
    @inline(__always)
    private static func load(_ state: UnsafeMutablePointer<SIMD16<Double>>) -> State {
        UnsafeRawPointer(state).loadUnaligned(as: State.self)
    }

    @inline(__always)
    private static func store(_ value: State, _ state: UnsafeMutablePointer<SIMD16<Double>>) {
        UnsafeMutableRawPointer(state).storeBytes(of: value, as: State.self)
    }

    /// Replaces some lanes.
    @inline(__always)
    private static func keep(
        _ value: State, count: Int, phase: Int, in state: UnsafeMutablePointer<SIMD16<Double>>
    ) {
        var value = value
        withNumbers(&value) { lanes in
            for number in 0..<width {
                for lane in phase..<phase + count { state[number][lane] = lanes[16 * number + lane] }
            }
        }
    }

    /// The numbers of a state: sixteen lanes of the first, then of the second.
    @inline(__always)
    private static func withNumbers(_ state: inout State, _ body: (UnsafeMutablePointer<Double>) -> Void) {
        withUnsafeMutableBytes(of: &state) { bytes in
            guard let start = bytes.baseAddress else { return }
            body(start.assumingMemoryBound(to: Double.self))
        }
    }

    /// Sixteen columns' numbers, or fewer and neutral ones.
    @inline(__always)
    private static func columns(_ numbers: UnsafeMutablePointer<Double>, _ rowLength: Int, count: Int = 16) -> State {
        var state = neutral
        withNumbers(&state) { lanes in
            for number in 0..<width {
                if count == 16 {
                    UnsafeMutableRawPointer(lanes + 16 * number).storeBytes(
                        of: UnsafeRawPointer(numbers + number * rowLength).loadUnaligned(as: SIMD16<Double>.self),
                        as: SIMD16<Double>.self)
                } else {
                    (lanes + 16 * number).update(from: numbers + number * rowLength, count: count)
                }
            }
        }
        return state
    }

    @inline(__always)
    private static func setColumns(
        _ numbers: UnsafeMutablePointer<Double>, _ rowLength: Int, _ state: State, count: Int = 16
    ) {
        var state = state
        withNumbers(&state) { lanes in
            for number in 0..<width {
                if count == 16 {
                    UnsafeMutableRawPointer(numbers + number * rowLength).storeBytes(
                        of: UnsafeRawPointer(lanes + 16 * number).loadUnaligned(as: SIMD16<Double>.self),
                        as: SIMD16<Double>.self)
                } else {
                    (numbers + number * rowLength).update(from: lanes + 16 * number, count: count)
                }
            }
        }
    }
}

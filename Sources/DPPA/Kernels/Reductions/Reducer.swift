/// The meaning of a reduction: what it accumulates, and how it ends.
///
/// A reduction is an enum without cases and a constant of `Reduction` in a file of its own, and a line in `Reductions`; what it
/// accumulates may be there as well. Nothing else knows it by name.
package protocol Reducer: Sendable {
    static var facts: ReductionFacts { get }
    static var accumulated: Accumulation { get }
    /// The result, of the numbers that have been accumulated over so many samples, at least one.
    static func finish(_ numbers: UnsafePointer<Double>, count: Double) -> Double
}

extension Reducer {
    package static func finish(_ numbers: UnsafePointer<Double>, count: Double) -> Double { numbers[0] }
}

/// What the program knows of a reduction besides its arithmetic.
package struct ReductionFacts: Sendable {
    /// Its name in recipes; the fingerprints of remembered scores hold it.
    package let name: String
    /// What help and reference say of it.
    package let summary: String
    /// Whether it has a second operand.
    package let isOfTwo: Bool
    /// Whether the operand must be a mask.
    package let takesMask: Bool
    /// Whether there may be a weight.
    package let takesWeight: Bool

    init(
        _ name: String, _ summary: String, isOfTwo: Bool = false, takesMask: Bool = false, takesWeight: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.isOfTwo = isOfTwo
        self.takesMask = takesMask
        self.takesWeight = takesWeight
    }
}

/// A reduction, as nodes and programs hold it; copies count no references.
public struct Reduction: Hashable, Sendable, CustomStringConvertible {
    private let meaning: any Reducer.Type

    package init(_ meaning: any Reducer.Type) { self.meaning = meaning }

    package var facts: ReductionFacts { meaning.facts }
    package var accumulated: Accumulation { meaning.accumulated }
    /// The name.
    public var description: String { facts.name }

    /// The result, of the `accumulated.width` numbers that have been accumulated over so many samples; of nothing it is 0.
    package func finish(_ numbers: UnsafePointer<Double>, count: Int) -> Double {
        count > 0 ? meaning.finish(numbers, count: Double(count)) : 0
    }

    /// The result for each column of a tensor with so many rows, of the numbers that `Accumulation.combineColumns` gives.
    package func finishColumns(_ numbers: [Double], count: Int) -> [Double] {
        let width = accumulated.width
        let length = numbers.count / width
        return (0..<length).map { column in finish((0..<width).map { numbers[$0 * length + column] }, count: count) }
    }

    /// Whether both are the same reduction.
    public static func == (a: Reduction, b: Reduction) -> Bool { a.meaning == b.meaning }

    /// Hashes what makes reductions equal.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(meaning)) }
}

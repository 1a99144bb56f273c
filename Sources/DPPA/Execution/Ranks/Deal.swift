/// How units are dealt to ranks: all of them in one line by their bytes, cut into as many equal shares as there are ranks.
///
/// So each gets units that follow one another, and what it writes lies together.
package enum Deal {
    /// What a rank does of a unit: the work on some of its bytes.
    package struct Piece: Equatable, Sendable {
        package var rank: Int
        /// Counted from the start of the unit.
        package var bytes: Range<Int>

        package init(rank: Int, bytes: Range<Int>) { (self.rank, self.bytes) = (rank, bytes) }
    }

    /// The pieces of each unit, in order, by its size: one, or several of different ranks.
    ///
    /// A unit over a border between two shares is divided there if `mayDivide`, which gets its number, and else goes to the rank in
    /// whose share its middle lies. No piece of a divided unit is smaller than `smallest` bytes and a 64th of a share. So if all may
    /// be divided, no rank has more than its share and the larger of these twice; otherwise, no more than its share and one unit.
    /// Units without bytes go with their neighbours.
    package static func pieces(
        _ sizes: [Int], among count: Int, smallest: Int, mayDivide: (_ unit: Int) throws -> Bool
    ) rethrows -> [[Piece]] {
        let total = sizes.reduce(0, +)
        guard total > 0 else { return sizes.map { _ in [Piece(rank: 0, bytes: 0..<0)] } }
        let least = max(1, smallest, total / count / 64)
        /// The rank in whose share the middle of some bytes lies.
        func rank(_ bytes: Range<Int>) -> Int {
            let middle = (Double(bytes.lowerBound) + Double(bytes.upperBound)) / 2
            return min(count - 1, Int(middle / Double(total) * Double(count)))
        }
        func border(_ rank: Int) -> Int { Int(Double(total) * Double(rank) / Double(count)) }
        var before = 0
        return try sizes.enumerated().map { number, size in
            let unit = before..<before + size
            before += size
            var cuts = [unit.lowerBound]
            for next in rank(unit.lowerBound..<unit.lowerBound)..<count {
                let cut = border(next)
                guard cut <= unit.upperBound - least else { break }
                if cut >= (cuts.last ?? 0) + least { cuts.append(cut) }
            }
            cuts.append(unit.upperBound)
            guard cuts.count > 2, try mayDivide(number) else { return [Piece(rank: rank(unit), bytes: 0..<size)] }
            return zip(cuts, cuts.dropFirst()).map { from, to in
                Piece(rank: rank(from..<to), bytes: from - unit.lowerBound..<to - unit.lowerBound)
            }
        }
    }

    /// The rank of each unit, where none is divided.
    package static func ranks(_ sizes: [Int], among count: Int) -> [Int] {
        pieces(sizes, among: count, smallest: 0) { _ in false }.map { $0.first?.rank ?? 0 }
    }
}

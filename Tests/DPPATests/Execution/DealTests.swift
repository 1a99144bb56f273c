import DPPA
import DPPAExecution
import DPPASupport
import Testing

@Suite struct DealTests {
    @Test("Every rank gets units that follow one another, and no more than its share and one unit")
    func shares() {
        var random = Lehmer(3)
        for count in [1, 2, 3, 7, 64] {
            for length in [0, 1, 5, 200] {
                let sizes = (0..<length).map { _ in Int.random(in: 0...1000, using: &random) }
                let ranks = Deal.ranks(sizes, among: count)
                #expect(ranks.count == length && ranks == ranks.sorted())
                #expect(ranks.allSatisfy { (0..<count).contains($0) })
                let share = Double(sizes.reduce(0, +)) / Double(count)
                for rank in 0..<count {
                    let own = zip(sizes, ranks).reduce(0) { $0 + ($1.1 == rank ? $1.0 : 0) }
                    #expect(Double(own) <= share + Double(sizes.max() ?? 0) + 1e-9)
                }
            }
        }
        #expect(Deal.ranks([0, 0], among: 3) == [0, 0])
        #expect(Deal.ranks([1, 1, 1, 1], among: 4) == [0, 1, 2, 3])
    }

    @Test(
        "What may be divided is divided at the borders of shares, so that all have the same, in pieces that are worth it"
    )
    func pieces() {
        var random = Lehmer(4)
        for count in [1, 2, 3, 7, 64, 1000] {
            for length in [1, 2, 5, 200] {
                for smallest in [0, 40] {
                    let sizes = (0..<length).map { _ in Int.random(in: 0...100_000, using: &random) }
                    let pieces = Deal.pieces(sizes, among: count, smallest: smallest) { _ in true }
                    var bytes = [Int](repeating: 0, count: count)
                    for (size, unit) in zip(sizes, pieces) {
                        #expect(unit.map(\.bytes.lowerBound) == [0] + unit.map(\.bytes.upperBound).dropLast())
                        #expect(unit.last?.bytes.upperBound == size)
                        #expect(unit.count == 1 || unit.allSatisfy { $0.bytes.count >= smallest })
                        for piece in unit { bytes[piece.rank] += piece.bytes.count }
                    }
                    let ranks = pieces.flatMap { $0.map(\.rank) }
                    #expect(ranks == ranks.sorted())
                    let share = Double(sizes.reduce(0, +)) / Double(count)
                    #expect(Double(bytes.max() ?? 0) <= share + 2 * max(1, Double(smallest), share / 64) + 1)
                }
            }
        }
        // Of two borders one lies in what must stay whole.
        let pieces = Deal.pieces([10, 80, 10], among: 4, smallest: 0) { $0 != 1 }
        #expect(pieces.map { $0.map(\.rank) } == [[0], [2], [3]])
        #expect(
            Deal.pieces([10, 90], among: 2, smallest: 0) { _ in true }.map { $0.map(\.bytes) } == [
                [0..<10], [0..<40, 40..<90],
            ])
        #expect(Deal.pieces([], among: 3, smallest: 0) { _ in true }.isEmpty)
    }

    @Test("A message gives back what was put in, and what is torn is an error")
    func messages() throws {
        var message = Message()
        message.put(7)
        message.put([1.5, -.infinity])
        message.put("naïve 模型")
        message.putOptional(Float?.none)
        message.putOptional(Optional(UInt128.max))
        message.put(DPPAError(.limit, "m", notes: ["a", "b"], location: .init(file: "f", line: 3), cause: "c"))
        var received = Message(message.bytes)
        #expect(try received.take(Int.self) == 7)
        #expect(try received.takeList(of: Double.self) == [1.5, -.infinity])
        #expect(try received.takeText() == "naïve 模型")
        #expect(try received.takeOptional(Float.self) == nil)
        #expect(try received.takeOptional(UInt128.self) == .max)
        let error = try received.takeError()
        #expect(error.code == .limit && error.message == "m" && error.notes == ["a", "b"])
        #expect(error.cause == "c" && error.location?.file == "f" && error.location?.line == 3)
        #expect(received.isAtEnd)
        for count in 0..<message.bytes.count {
            var torn = Message(Array(message.bytes.prefix(count)))
            #expect(throws: DPPAError.self) {
                _ = try torn.take(Int.self)
                _ = try torn.takeList(of: Double.self)
                _ = try torn.takeText()
                _ = try torn.takeOptional(Float.self)
                _ = try torn.takeOptional(UInt128.self)
                _ = try torn.takeError()
            }
        }
    }
}

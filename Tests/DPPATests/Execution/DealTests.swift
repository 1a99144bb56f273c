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

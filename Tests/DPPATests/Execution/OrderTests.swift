import DPPA
import Testing

/// How shares become counts, against whole numbers.
@Suite struct OrderTests {
    /// Every hundredth of every count, the share written in four ways whose last bits differ.
    @Test func aShareThatIsAWholeNumberButForRoundingIsThatNumber() {
        for count in [1, 3, 7, 10, 50, 100, 999, 1000, 4096, 65_536, 1_000_003, 500_000_000] {
            for percent in 1..<100 {
                let exact = max(1, percent * count / 100)
                let share = Double(percent) / 100
                let summed = stride(from: 0, to: percent, by: 1).reduce(0.0) { sum, _ in sum + 0.01 }
                for written in [share, 1 - Double(100 - percent) / 100, 0.3 + (share - 0.3), summed, share.nextDown] {
                    #expect(Order.wanted(written, false, of: count) == exact, "\(written) of \(count)")
                }
            }
        }
    }

    @Test func whatIsNoWholeNumberIsRoundedDown() {
        #expect(Order.wanted(0.0999, false, of: 50) == 4)
        #expect(Order.wanted(0.099_999_99, false, of: 50) == 4)
        #expect(Order.wanted(1e-9, false, of: 50) == 1)
        #expect(Order.wanted(0, false, of: 50) == 0 && Order.wanted(.nan, false, of: 50) == 0)
        #expect(Order.wanted(0.5, false, of: 0) == 0 && Order.wanted(2, false, of: 3) == 3)
        #expect(Order.wanted(4.999_999_999_9, true, of: 50) == 5 && Order.wanted(4.999, true, of: 50) == 4)
        #expect(Order.wanted(0.5, true, of: 50) == 0 && Order.wanted(60, true, of: 50) == 50)
        #expect(Order.index(50 * (1 - 0.9), of: 50) == 5 && Order.index(4.9, of: 50) == 4)
        #expect(Order.index(.nan, of: 50) == 0 && Order.index(-3, of: 50) == 0 && Order.index(1e300, of: 50) == 49)
    }
}

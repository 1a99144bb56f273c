import DPPASupport
import Foundation
import Testing

@Suite struct ByteOrderTests {
    @Test func textsAreInTheOrderOfTheirBytes() {
        // One text within another, bytes above 127, and an ä of one scalar beside one of two, which Swift takes for equal.
        let texts = [
            "", "a", "a.", "a.1", "a.10", "a.2", "ab", "layers.1.mlp.experts.10.up_proj",
            "layers.1.mlp.experts.2.up_proj", "z",
            "\u{e4}", "a\u{308}", "\u{ff}\u{fffd}", "\u{10000}", "\u{e000}", "a\u{0}", "a\u{0}b",
        ]
        for a in texts {
            for b in texts {
                let expected = Array(a.utf8).lexicographicallyPrecedes(Array(b.utf8))
                #expect(a.precedes(b) == expected, "\(a) \(b)")
                // Text of Foundation, whose bytes may lie elsewhere.
                #expect(String(NSString(string: a)).precedes(b) == expected, "\(a) \(b)")
            }
        }
    }
}

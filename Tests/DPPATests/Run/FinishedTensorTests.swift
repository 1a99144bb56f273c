import DPPA
import Testing

/// What is kept of a finished tensor reads back as it was.
@Suite struct FinishedTensorTests {
    private func tensor(_ compared: [FinishedTensor.Compared?]) -> FinishedTensor {
        FinishedTensor(name: "a b", key: 0x1f, digest: Digest.of([1, 2, 3]), compared: compared)
    }

    @Test func wordsReadBack() throws {
        var merged = MergedDelta()
        (merged.size.elements, merged.size.changed, merged.survived) = (1 << 40, 7, 3)
        (merged.size.squares, merged.size.referenceSquares, merged.roundingSquares) = (0.1, 1e300, .nan)
        merged.roundingProduct = -0.3
        var expert = ExpertDelta()
        (expert.size.elements, expert.kept, expert.agreeing, expert.product) = (5, 4, 3, -1.0 / 3)
        for compared: [FinishedTensor.Compared?] in [
            [], [nil], [.init(merged: MergedDelta(), experts: [])],
            [nil, .init(merged: MergedDelta(), experts: [expert, nil])],
            [.init(merged: MergedDelta(), experts: [nil]), nil],
            [.init(merged: MergedDelta(), experts: [nil], lost: LostChange(changed: 9, largest: 0.1, beside: 1e-30))],
        ] {
            let tensor = tensor(compared)
            #expect(FinishedTensor(name: "a b", words: tensor.words) == tensor, "\(tensor.words)")
        }
        let back = try #require(
            FinishedTensor(name: "", words: tensor([.init(merged: merged, experts: [])]).words)?.compared[0]?.merged)
        #expect(back.size == merged.size && back.survived == 3 && back.roundingSquares.isNaN)
        #expect(back.roundingProduct == -0.3)
    }

    @Test(arguments: [
        "", "x", " | ", "00000000000000000000000000000001", "0 1", "00000000000000000000000000000001 xyz",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2 3 4 5 6 x",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1.5 2 3 4 5 6 7",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2 3 4 5 6",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2 3 4 5 6 7 / ",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2 3 4 5 6 7 / 1",
        "00000000000000000000000000000001 00000000000000000000000000000001 | 1 2 3 4 5 6 7 8 9",
        "00000000000000000000000000000001 00000000000000000000000000000001 |", "1 1 | 1e300 2 3 4 5 6 7",
    ])
    func otherWordsAreNone(_ words: String) {
        #expect(FinishedTensor(name: "a", words: words) == nil)
    }
}

import DPPA
import Testing

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("maximise", "maximize", 1), ("same", "same", 0),
    ])
    func distanceCountsEditsAndSwaps(_ a: String, _ b: String, _ expected: Int) {
        #expect(Suggestions.distance(a, b) == expected)
        #expect(Suggestions.distance(b, a) == expected)
    }

    @Test func nearNamesComeFirstAndAtMostThree() {
        #expect(Suggestions.nearest(to: "tresh", among: ["top", "thresh", "trash"]) == ["thresh", "trash"])
        #expect(Suggestions.nearest(to: "a", among: ["b", "c", "d", "e"]).count == 3)
        #expect(Suggestions.nearest(to: "quartile", among: ["mean"]).isEmpty)
    }
}

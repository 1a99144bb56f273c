/// What a misspelt name was meant to be.
package enum Suggestions {
    /// The known names within max(1, length / 3) edits, nearest first, ties in alphabetical order, at most three.
    package static func nearest(to word: String, among names: [String]) -> [String] {
        // Nobody misspells a word of kilobytes, and the distance takes the product of both lengths.
        guard word.utf8.count <= 256, names.count <= 1000 else { return [] }
        let names = names.filter { $0.utf8.count <= 256 }
        let limit = max(1, word.count / 3)
        return names.map { (name: $0, distance: distance(word, $0)) }.filter { $0.distance <= limit }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }

    /// "did you mean …?", or the list of names if it is short; empty if nothing helps.
    package static func sentence(for word: String, among names: [String]) -> String {
        let near = nearest(to: word, among: names)
        if !near.isEmpty { return "did you mean \(list(near))?" }
        return names.isEmpty || names.count > 8 ? "" : "there are " + names.sorted().joined(separator: ", ")
    }

    /// "; did you mean …?" for the end of a headline; empty if nothing is near.
    package static func hint(for word: String, among names: [String]) -> String {
        let near = nearest(to: word, among: names)
        return near.isEmpty ? "" : "; did you mean \(list(near))?"
    }

    package static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

    /// The Damerau–Levenshtein distance (optimal string alignment).
    package static func distance(_ a: String, _ b: String) -> Int {
        let (x, y) = (Array(a), Array(b))
        var rows = [Array(0...y.count)]
        for i in 1..<(x.count + 1) {
            var row = [i] + Array(repeating: 0, count: y.count)
            for j in 1..<(y.count + 1) {
                row[j] = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1))
                if i > 1, j > 1, x[i - 1] == y[j - 2], x[i - 2] == y[j - 1] {
                    row[j] = min(row[j], rows[i - 2][j - 2] + 1)
                }
            }
            rows.append(row)
        }
        return rows[x.count][y.count]
    }
}

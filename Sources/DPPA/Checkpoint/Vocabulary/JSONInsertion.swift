/// Further entries of a list or object of a JSON text, the rest of which stays as it is.
struct JSONInsertion {
    private let place: Int
    private let text: [UInt8]

    /// Entries behind the last one of the container that stands in a range of a text, each led by the white space that leads the
    /// first one there.
    init(_ bytes: [UInt8], _ container: Range<Int>, _ entries: [String]) {
        func isSpace(_ byte: UInt8) -> Bool { [32, 9, 10, 13].contains(byte) }
        let (start, end) = (container.lowerBound + 1, container.upperBound - 1)
        let first = bytes[start..<end].firstIndex { !isSpace($0) } ?? end
        let lead = first == end ? [] : Array(bytes[start..<first])
        place = first == end ? start : (bytes[start..<end].lastIndex { !isSpace($0) } ?? start) + 1
        var text: [UInt8] = []
        for (index, entry) in entries.enumerated() {
            if first != end || index > 0 { text.append(UInt8(ascii: ",")) }
            text += lead
            text += entry.utf8
        }
        self.text = text
    }

    /// A text at a place.
    init(_ text: String, at place: Int) { (self.place, self.text) = (place, Array(text.utf8)) }

    /// The text with all of them.
    static func apply(_ insertions: [JSONInsertion], to bytes: [UInt8]) -> [UInt8] {
        var (result, done): ([UInt8], Int) = ([], 0)
        result.reserveCapacity(bytes.count + insertions.reduce(0) { $0 + $1.text.count })
        for insertion in insertions.sorted(by: { $0.place < $1.place }) {
            result += bytes[done..<insertion.place]
            result += insertion.text
            done = insertion.place
        }
        return result + bytes[done...]
    }
}

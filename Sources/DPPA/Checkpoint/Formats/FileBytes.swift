import DPPASupport

/// The bytes of a part of a file, such as a pickle or a header, read in pieces as they are asked for.
struct FileBytes {
    private let file: FileDescriptor
    /// The part in words: "its pickle".
    private let part: String
    /// Where the part must have ended.
    private let end: Int
    /// A piece of the file, and what of it comes next.
    private var buffer: [UInt8] = []
    private var next = 0
    private var bufferStart: Int

    /// The most that is kept in memory but for what is asked for at once.
    private static let piece = 1 << 16

    init(_ file: FileDescriptor, _ range: Range<Int>, part: String) {
        (self.file, bufferStart, end, self.part) = (file, range.lowerBound, range.upperBound, part)
    }

    var path: String { file.path }
    /// The place of the next byte in the file.
    var offset: Int { bufferStart + next }
    /// How many bytes are left.
    var left: Int { end - offset }

    mutating func byte() throws -> UInt8 {
        if next == buffer.count { try fill(1) }
        defer { next += 1 }
        return buffer[next]
    }

    /// So many bytes, `left` of which there must be.
    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        if buffer.count - next < count { try fill(count) }
        defer { next += count }
        return buffer[next..<next + count]
    }

    /// Passes over so many bytes, `left` of which there must be.
    mutating func skip(_ count: Int) throws {
        guard buffer.count - next < count else { return next += count }
        guard count <= left else { throw short() }
        (bufferStart, buffer, next) = (offset + count, [], 0)
    }

    /// A number of so many bytes, the lowest first.
    mutating func number(_ count: Int) throws -> UInt64 {
        if buffer.count - next < count { try fill(count) }
        var number: UInt64 = 0
        for index in (next..<next + count).reversed() { number = number << 8 | UInt64(buffer[index]) }
        next += count
        return number
    }

    private mutating func fill(_ count: Int) throws {
        let start = offset
        guard count <= end - start else { throw short() }
        buffer = try file.bytes(start..<min(end, start + max(count, Self.piece)))
        (bufferStart, next) = (start, 0)
    }

    private func short() -> DPPAError {
        DPPAError(
            .data, "\(path): \(part) ends at byte \(end), within what begins before it",
            notes: ["the file is cut short or damaged; copy or download it again"])
    }
}

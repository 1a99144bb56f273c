import DPPASupport

/// The bytes of a pickle in a file, read in pieces as they are asked for.
struct PickleBytes {
    private let file: FileDescriptor
    /// Where the pickle must have ended.
    private let end: Int
    /// A part of the file, and what of it comes next.
    private var buffer: [UInt8] = []
    private var next = 0
    private var bufferStart: Int

    /// The most that is kept in memory but for what is asked for at once.
    private static let piece = 1 << 16

    init(_ file: FileDescriptor, _ range: Range<Int>) {
        (self.file, bufferStart, end) = (file, range.lowerBound, range.upperBound)
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

    /// A number of so many bytes, the lowest first.
    mutating func number(_ count: Int) throws -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func fill(_ count: Int) throws {
        let start = offset
        guard count <= end - start else {
            throw DPPAError(
                .data, "\(path): its pickle ends at byte \(end), within what begins before it",
                notes: ["the file is cut short or damaged; copy or download it again"])
        }
        buffer = try file.bytes(start..<min(end, start + max(count, Self.piece)))
        (bufferStart, next) = (start, 0)
    }
}

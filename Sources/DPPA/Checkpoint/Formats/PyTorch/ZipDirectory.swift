import DPPASupport

/// Where the directory of a zip archive is.
enum ZipDirectory {
    /// The most bytes of a directory: a million records or so.
    private static let sizeLimit = 100_000_000

    /// The place of the directory and the number of its entries, by the record at the file's end.
    ///
    /// The directory must end where that record begins. Throws `data` errors that name the file.
    static func find(_ file: FileDescriptor) throws -> (directory: Range<Int>, count: Int) {
        let size = try file.size()
        // Behind the record there may be a comment.
        let first = max(0, size - 22 - 0xFFFF)
        let tail = LittleEndian(try file.bytes(first..<size))
        let places = stride(from: tail.count - 22, through: 0, by: -1)
        guard let at = places.first(where: { tail.u32($0) == 0x0605_4B50 && $0 + 22 + tail.u16($0 + 20) == tail.count })
        else { throw ZipArchive.damage(file.path, "it begins as a zip archive and has no directory at its end") }
        var (end, count) = (first + at, tail.u16(at + 10))
        var (length, start) = (tail.u32(at + 12), tail.u32(at + 16))
        guard tail.u16(at + 4) == 0 || tail.u16(at + 4) == 0xFFFF, tail.u16(at + 8) == count else {
            throw ZipArchive.damage(file.path, "it is one of several parts of a zip archive")
        }
        if let large = try largeRecord(file, before: end) {
            guard count == 0xFFFF || count == large.count, length == 0xFFFF_FFFF || length == large.length,
                start == 0xFFFF_FFFF || start == large.start
            else { throw ZipArchive.damage(file.path, "the two records at its end say different things") }
            (count, length, start, end) = (large.count, large.length, large.start, large.place)
        }
        guard length <= end, start == end - length else {
            throw ZipArchive.damage(
                file.path,
                "its directory, \(length) bytes from byte \(start), does not end at \(end), where what tells of it begins"
            )
        }
        guard length <= sizeLimit, count <= length / 46 else {
            throw ZipArchive.damage(
                file.path,
                "its directory has \(length) bytes for \(count) records; at most \(sizeLimit) bytes are read, and a "
                    + "record takes 46 or more")
        }
        return (start..<end, count)
    }

    /// What the record of large archives (zip64) says, and where it is; nil where there is none.
    private static func largeRecord(
        _ file: FileDescriptor, before end: Int
    ) throws -> (count: Int, length: Int, start: Int, place: Int)? {
        guard end >= 20 else { return nil }
        let locator = LittleEndian(try file.bytes(end - 20..<end))
        guard locator.u32(0) == 0x0706_4B50 else { return nil }
        guard let place = Int(exactly: locator.u64(8)), place <= end - 20 - 56 else {
            throw ZipArchive.damage(file.path, "the record of its directory is not where it is said to be")
        }
        let record = LittleEndian(try file.bytes(place..<place + 56))
        guard record.u32(0) == 0x0606_4B50, let count = Int(exactly: record.u64(32)),
            let length = Int(exactly: record.u64(40)), let start = Int(exactly: record.u64(48))
        else { throw ZipArchive.damage(file.path, "the record of its directory is not where it is said to be") }
        return (count, length, start, place)
    }
}

/// Numbers out of bytes, the lowest byte first; places are within the bytes.
struct LittleEndian {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func u16(_ at: Int) -> Int { Int(number(at, 2)) }
    func u32(_ at: Int) -> Int { Int(number(at, 4)) }
    func u64(_ at: Int) -> UInt64 { number(at, 8) }

    private func number(_ at: Int, _ count: Int) -> UInt64 {
        bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

import DPPASupport

/// A zip archive whose records are stored as they are, as torch.save writes them: a record is a range of the file.
///
/// The directory at the end says what there is; where a record's bytes begin its own header says. Records that overlap each
/// other or the directory, that are compressed or encrypted, and several of one name are errors. Checksums are not computed.
struct ZipArchive {
    private struct Record {
        var name: String
        /// The place of its header.
        var header: Int
        var size: Int
        /// Where what comes behind it begins.
        var end: Int
    }

    private let file: FileDescriptor
    private let records: [String: Record]

    /// The names of all records, in order.
    var names: [String] { records.keys.sorted() }

    /// Reads the directory.
    ///
    /// Throws `data` errors that name the file and the record.
    init(_ file: FileDescriptor) throws {
        self.file = file
        let (directory, count) = try ZipDirectory.find(file)
        let bytes = LittleEndian(try file.bytes(directory))
        var (found, at): ([Record], Int) = ([], 0)
        for _ in 0..<count {
            found.append(try Self.record(bytes, &at, directory, file.path))
        }
        guard at == bytes.count else {
            throw Self.damage(
                file.path, "its directory has \(bytes.count - at) bytes more than its \(count) records take")
        }
        found.sort { ($0.header, $0.name) < ($1.header, $1.name) }
        for index in found.indices.dropLast() {
            let (record, next) = (found[index], found[index + 1])
            guard next.header - record.header >= 30 + record.name.utf8.count + record.size else {
                throw Self.damage(file.path, "its records \(record.name.shown) and \(next.name.shown) overlap")
            }
            found[index].end = next.header
        }
        var records: [String: Record] = [:]
        for record in found where records.updateValue(record, forKey: record.name) != nil {
            throw Self.damage(file.path, "it has two records \(record.name.shown)")
        }
        self.records = records
    }

    /// One entry of the directory, which begins at `at`.
    private static func record(
        _ bytes: LittleEndian, _ at: inout Int, _ directory: Range<Int>, _ path: String
    ) throws -> Record {
        guard at + 46 <= bytes.count, bytes.u32(at) == 0x0201_4B50 else {
            throw damage(path, "its directory has no entry at byte \(directory.lowerBound + at)")
        }
        let lengths = (name: bytes.u16(at + 28), extra: bytes.u16(at + 30), comment: bytes.u16(at + 32))
        let end = at + 46 + lengths.name + lengths.extra + lengths.comment
        guard end <= bytes.count else { throw damage(path, "its directory ends within an entry") }
        guard let name = String(validating: bytes.bytes[at + 46..<at + 46 + lengths.name], as: UTF8.self) else {
            throw damage(path, "a record's name at byte \(directory.lowerBound + at + 46) is not UTF-8")
        }
        guard bytes.u16(at + 8) & 1 == 0 else {
            throw DPPAError(.data, "\(path): its record \(name.shown) is encrypted", notes: [Pickle.conversion])
        }
        guard bytes.u16(at + 10) == 0 else {
            throw DPPAError(
                .data,
                "\(path): its record \(name.shown) is compressed (method \(bytes.u16(at + 10))); records are read that are stored "
                    + "as they are, as torch.save stores them",
                notes: [
                    "another program has packed it: unpack it and pack it again with zip -0, or save it again with torch.save"
                ])
        }
        // Numbers that do not fit stand in a field of their own, in this order.
        var large = extra(1, in: bytes, at + 46 + lengths.name, lengths.extra)
        func number(_ place: Int) throws -> Int {
            let small = bytes.u32(place)
            guard small == 0xFFFF_FFFF else { return small }
            guard large.count >= 8, let number = Int(exactly: bytes.u64(large.lowerBound)) else {
                throw damage(path, "its record \(name.shown) has no size or place")
            }
            large = large.lowerBound + 8..<large.upperBound
            return number
        }
        let (size, stored) = (try number(at + 24), try number(at + 20))
        let header = try number(at + 42)
        guard stored == size else {
            throw damage(path, "its record \(name.shown) is stored as it is and has \(stored) bytes instead of \(size)")
        }
        guard size <= directory.lowerBound, header <= directory.lowerBound - size - 30 - lengths.name else {
            throw damage(
                path,
                "its record \(name.shown), \(size) bytes from byte \(header), reaches into the directory at "
                    + "\(directory.lowerBound)")
        }
        at = end
        return Record(name: name, header: header, size: size, end: directory.lowerBound)
    }

    /// The place of an extra field's contents; empty where there is none of that kind.
    private static func extra(_ kind: Int, in bytes: LittleEndian, _ start: Int, _ count: Int) -> Range<Int> {
        var at = start
        while at + 4 <= start + count {
            let end = at + 4 + bytes.u16(at + 2)
            if bytes.u16(at) == kind, end <= start + count { return at + 4..<end }
            at = end
        }
        return 0..<0
    }

    /// The place of a record's bytes in the file; nil where there is none of the name.
    func range(of name: String) throws -> Range<Int>? {
        guard let record = records[name] else { return nil }
        let head = 30 + name.utf8.count
        let bytes = LittleEndian(try file.bytes(record.header..<record.header + head))
        guard bytes.u32(0) == 0x0403_4B50, bytes.u16(8) == 0, bytes.bytes[30...].elementsEqual(name.utf8),
            bytes.u16(26) == name.utf8.count
        else {
            throw Self.damage(file.path, "what is at byte \(record.header) is not its record \(name.shown)")
        }
        let start = record.header + head + bytes.u16(28)
        guard start + record.size <= record.end else {
            throw Self.damage(
                file.path,
                "its record \(name.shown), \(record.size) bytes from byte \(start), reaches into what begins at "
                    + "\(record.end)")
        }
        return start..<start + record.size
    }

    static func damage(_ path: String, _ words: String) -> DPPAError {
        DPPAError(.data, "\(path): \(words)", notes: ["the file is damaged or cut short; copy or download it again"])
    }
}

extension FileDescriptor {
    /// The bytes of a part that is within the file.
    func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            if let start = buffer.baseAddress { try read(range.count, at: range.lowerBound, into: start, nil) }
            filled = range.count
        }
    }
}

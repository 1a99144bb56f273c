import DPPAKernels
import DPPASupport

/// The header of a safetensors file: names, types, shapes and places of the tensors.
///
/// A small streaming parser of the JSON subset that the format allows: memory in proportion to the tensors, no recursion,
/// duplicate keys are an error. Everything is checked before any size is computed with.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        var dtype: DType
        var shape: [Int]
        /// The place in the data part, in bytes.
        var bytes: Range<Int>
    }

    /// The tensors in the order of their places.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// The largest header, as the format says.
    static let sizeLimit = 100_000_000

    /// The most elements of a tensor: beyond every model, and far from what overflows when sizes are computed with.
    static let elementLimit = 1 << 40

    /// Parses a header; `dataSize` is the number of bytes behind it.
    ///
    /// Errors name the file.
    init(_ bytes: UnsafeRawBufferPointer, dataSize: Int, file: String) throws {
        var scanner = JSONScanner(bytes: bytes, file: file, kind: .header)
        try scanner.expect("{")
        var names: Set<String> = []
        if !scanner.skip("}") {
            repeat {
                let name = try scanner.string()
                guard names.insert(name).inserted else {
                    throw scanner.damage("the name '\(name.shown)' appears twice")
                }
                try scanner.expect(":")
                if name == "__metadata__" {
                    // Some writers give null for none.
                    if scanner.isNext("n") { try scanner.skipValue() } else { metadata = try scanner.strings() }
                } else {
                    entries.append(try Self.entry(name, &scanner))
                }
            } while scanner.skip(",")
            try scanner.expect("}")
        }
        try scanner.end()
        try check(dataSize, file)
    }

    private static func entry(_ name: String, _ scanner: inout JSONScanner) throws -> Entry {
        var (dtype, shape, offsets): (DType?, [Int]?, [Int]?)
        var keys: Set<String> = []
        scanner.tensor = name
        defer { scanner.tensor = nil }
        try scanner.expect("{")
        if !scanner.skip("}") {
            repeat {
                let key = try scanner.string()
                guard keys.insert(key).inserted else { throw scanner.damage("'\(key.shown)' appears twice") }
                try scanner.expect(":")
                switch key {
                case "dtype":
                    let text = try scanner.string()
                    guard let known = DType(rawValue: text) else {
                        if let meaning = DType.unread[text] { throw unread(name, text, meaning, scanner.file) }
                        throw scanner.damage("unknown dtype '\(text.shown)'")
                    }
                    dtype = known
                case "shape": shape = try scanner.integers(limit: 64)
                case "data_offsets": offsets = try scanner.integers(limit: 2)
                default: throw scanner.damage("unknown key '\(key.shown)'")
                }
            } while scanner.skip(",")
            try scanner.expect("}")
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw scanner.damage("expected dtype, shape and two data_offsets")
        }
        guard offsets[0] <= offsets[1] else {
            throw scanner.damage("it ends at byte \(offsets[1]), before it begins at byte \(offsets[0])")
        }
        guard let elements = elements(of: shape) else { throw scanner.damage("the shape \(shape) is too large") }
        let bytes = elements * dtype.byteSize
        guard offsets[1] - offsets[0] == bytes else {
            throw scanner.damage(
                "\(dtype.rawValue) \(shape) takes \(bytes) bytes; it has \(offsets[1] - offsets[0])")
        }
        return Entry(name: name, dtype: dtype, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// The number of elements; nil where it is beyond `elementLimit`.
    static func elements(of shape: [Int]) -> Int? {
        // A dimension of 0 makes the others harmless, but rows and columns are counted all the same.
        var elements = 1
        for dimension in shape {
            let (next, overflows) = elements.multipliedReportingOverflow(by: max(1, dimension))
            guard !overflows, next <= elementLimit else { return nil }
            elements = next
        }
        return shape.contains(0) ? 0 : elements
    }

    /// A type of the format that is whole but not read here.
    private static func unread(_ name: String, _ dtype: String, _ meaning: String, _ file: String) -> DPPAError {
        DPPAError(
            .data, "\(file): \(name.shown) is stored as \(dtype), \(meaning), which are not read",
            notes: ["merge the 16-bit model that it was made from, or convert this one to bf16 first"])
    }

    /// The tensors must fill the data part without gaps and overlaps.
    private mutating func check(_ dataSize: Int, _ file: String) throws {
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
        }
        var end = 0
        for entry in entries {
            let start = entry.bytes.lowerBound
            guard start == end else {
                let fault = start < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw DPPAError(
                    .data,
                    "\(file): \(entry.name.shown) begins at byte \(start), expected \(end): it \(fault)",
                    notes: ["the file is damaged; copy or download it again"])
            }
            end = entry.bytes.upperBound
        }
        guard end == dataSize else {
            let lost =
                entries.first { $0.bytes.upperBound > dataSize }.map { "; \($0.name.shown) is not all there" } ?? ""
            throw DPPAError(
                .data, "\(file): the header describes \(end) bytes of data; the file has \(dataSize)\(lost)",
                notes: [end > dataSize ? "the file is cut short; copy or download it again" : "the file is damaged"])
        }
    }
}

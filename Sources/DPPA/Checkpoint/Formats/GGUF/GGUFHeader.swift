import DPPAKernels
import DPPASupport

/// The header of a GGUF file: metadata by key, and name, type, shape and place of each tensor.
///
/// Versions 2 and 3, little-endian. Everything is checked before any size is computed with; memory is in proportion to the
/// tensors, whatever the file says. Source: `docs/gguf.md` of ggml.
struct GGUFHeader {
    struct Tensor {
        var name: String
        var type: GGUFType
        /// From the dimension that changes most slowly; the file has them the other way round.
        var shape: [Int]
        /// The place of the first byte in the file.
        var offset: Int
    }

    let path: String
    private(set) var metadata: [String: GGUFValue] = [:]
    private(set) var tensors: [Tensor] = []

    /// The largest header, with a vocabulary of a million tokens well below it.
    private static let sizeLimit = 256 << 20
    /// The most tensors and keys.
    private static let tensorLimit = 1 << 20
    private static let metadataLimit = 4096
    /// The longest key and the longest name.
    private static let keyLimit = 65_535
    private static let nameLimit = 256

    /// Reads the header of a file.
    ///
    /// Throws `missingInput` when it is not there, and `data` when it is damaged or of a form that is not read.
    init(_ file: FileDescriptor) throws {
        path = file.path
        let size = try file.size()
        var bytes = FileBytes(file, 0..<min(size, Self.sizeLimit), part: "its header")
        guard try bytes.take(4).elementsEqual("GGUF".utf8) else { throw Self.damage(path, "it does not begin as GGUF") }
        let version = UInt32(try bytes.number(4))
        guard (2...3).contains(version) else { throw Self.refusal(path, version: version) }
        let (tensorCount, keyCount) = (try bytes.number(8), try bytes.number(8))
        guard tensorCount <= Self.tensorLimit, keyCount <= Self.metadataLimit else {
            throw Self.damage(
                path,
                "it is said to have \(tensorCount) tensors and \(keyCount) keys; at most \(Self.tensorLimit) and "
                    + "\(Self.metadataLimit) are read")
        }
        for _ in 0..<keyCount { try readKey(&bytes) }
        for _ in 0..<tensorCount { try readTensor(&bytes) }
        try place(behind: bytes.offset, alignment: try alignment(), size: size)
    }

    private mutating func readKey(_ bytes: inout FileBytes) throws {
        let key = try GGUFValue.text(&bytes, "a key", limit: Self.keyLimit)
        let number = try bytes.number(4)
        guard let kind = GGUFValue.Kind(rawValue: number) else {
            throw Self.damage(path, "\(key.shown) is a value of the unknown type \(number)")
        }
        guard metadata.updateValue(try GGUFValue(kind, &bytes, of: key), forKey: key) == nil else {
            throw Self.damage(path, "the key \(key.shown) appears twice")
        }
    }

    /// Reads what is said of a tensor; its place is still that in the data.
    private mutating func readTensor(_ bytes: inout FileBytes) throws {
        let name = try GGUFValue.text(&bytes, "the name of a tensor", limit: Self.nameLimit)
        let count = try bytes.number(4)
        guard (1...4).contains(count) else {
            throw Self.damage(path, "\(name.shown) has \(count) dimensions; 1 to 4 are expected")
        }
        let dimensions = try (0..<count).map { _ in try bytes.number(8) }
        let (number, offset) = (try bytes.number(4), try bytes.number(8))
        guard let type = GGUFType(number) else {
            guard let other = GGUFType.others[number] else {
                throw Self.damage(path, "\(name.shown) is of the unknown type \(number)")
            }
            throw Self.refusal(path, name, type: other)
        }
        let shape = dimensions.reversed().map { Int(exactly: $0) ?? .max }
        guard !shape.contains(0), SafetensorsHeader.elements(of: shape) != nil else {
            throw Self.damage(path, "\(name.shown) has the dimensions \(dimensions)")
        }
        guard dimensions[0] % UInt64(type.blockElements) == 0 else {
            throw Self.damage(
                path, "a row of \(name.shown) has \(dimensions[0]) elements; blocks have \(type.blockElements)")
        }
        guard let place = Int(exactly: offset) else {
            throw Self.damage(path, "\(name.shown) begins at byte \(offset) of the data")
        }
        tensors.append(Tensor(name: name, type: type, shape: shape, offset: place))
    }

    private func alignment() throws -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .integer(let alignment) = value, (1...1 << 20).contains(alignment),
            alignment & (alignment - 1) == 0
        else { throw Self.damage(path, "general.alignment is \(value.description); a power of two is expected") }
        return alignment
    }

    /// Makes the places those in the file; tensors lie in it one after the other, each on the next aligned byte.
    private mutating func place(behind end: Int, alignment: Int, size: Int) throws {
        let start = (end + alignment - 1) / alignment * alignment
        var (names, next): (Set<String>, Int) = ([], 0)
        for index in tensors.indices.sorted(by: { tensors[$0].offset < tensors[$1].offset }) {
            let tensor = tensors[index]
            guard names.insert(tensor.name).inserted else {
                throw Self.damage(path, "the tensor \(tensor.name.shown) appears twice")
            }
            guard tensor.offset == next else {
                throw Self.damage(
                    path, "\(tensor.name.shown) begins at byte \(tensor.offset) of the data; \(next) is expected")
            }
            let bytes = tensor.shape.reduce(1, *) / tensor.type.blockElements * tensor.type.blockBytes
            guard bytes <= size - start - tensor.offset else {
                throw DPPAError(
                    .data,
                    "\(path): \(tensor.name.shown) ends at byte \(start + tensor.offset + bytes); the file has \(size)",
                    notes: ["the file is cut short; copy or download it again"])
            }
            next = (tensor.offset + bytes + alignment - 1) / alignment * alignment
            tensors[index].offset += start
        }
    }

    static func damage(_ path: String, _ words: String) -> DPPAError {
        DPPAError(.data, "\(path): \(words)", notes: ["the file is damaged or cut short; copy or download it again"])
    }

    private static func refusal(_ path: String, version: UInt32) -> DPPAError {
        if (1...16).contains(version.byteSwapped) {
            return DPPAError(
                .data, "\(path) is a big-endian GGUF file; little-endian ones are read",
                notes: ["turn it round with gguf_convert_endian.py of llama.cpp, or take the little-endian file"])
        }
        return DPPAError(
            .data, "\(path) is a GGUF file of version \(version); versions 2 and 3 are read",
            notes: [version == 1 ? "make it again with a llama.cpp of 2023-08-21 or later" : "is it whole?"])
    }

    private static func refusal(_ path: String, _ tensor: String, type: String) -> DPPAError {
        let known = BlockCode.allCases.map(\.rawValue)
        return DPPAError(
            .data, "\(path): \(tensor.shown) is stored as \(type), which is not read",
            notes: [
                "read are F32, F16, BF16, \(known.joined(separator: ", ")): take such a file of the model",
                "or convert it with llama.cpp: llama-quantize --allow-requantize IN.gguf OUT.gguf BF16",
            ])
    }
}

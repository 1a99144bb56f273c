import DPPAKernels
import DPPASupport

/// What a pack says of itself, in the metadata of its safetensors file: what it was made onto, and what it makes of it.
package struct PackDescription: Sendable {
    /// The member of the metadata that holds it, as a text of JSON.
    package static let key = "dppa_pack"
    /// The form that is written; a reader that knows less must refuse it.
    private static let version = 1

    /// A tensor by type, shape and bytes.
    package struct Tensor: Sendable {
        package var name: String
        package var dtype: DType
        package var shape: [Int]
        /// Of all bytes; nil where the coding is lossy.
        package var digest: Digest?

        package init(name: String, dtype: DType, shape: [Int], digest: Digest?) {
            (self.name, self.dtype, self.shape, self.digest) = (name, dtype, shape, digest)
        }

        /// Type and shape, such as `BF16 [896, 896]`.
        var words: String { "\(dtype.rawValue) \(shape)" }
    }

    /// The program that wrote it.
    package var program: String
    /// All tensors of the base, in order.
    package var base: [Tensor]
    /// All tensors of the model, in order, and how they are kept.
    package var tensors: [(tensor: Tensor, coding: PackCoding)]
    /// Small files in which the model differs from its base, and which are not in the pack.
    package var otherFiles: [String]

    package init(
        program: String, base: [Tensor], tensors: [(tensor: Tensor, coding: PackCoding)], otherFiles: [String]
    ) {
        (self.program, self.base, self.tensors, self.otherFiles) = (program, base, tensors, otherFiles)
    }

    /// The digest of all tensors: of lines of name, type, shape and digest, as a lock has them of a model.
    ///
    /// Nil where a tensor has none.
    package static func digest(of tensors: [Tensor]) -> Digest? {
        var text = ""
        for tensor in tensors {
            guard let digest = tensor.digest else { return nil }
            let shape = tensor.shape.map(String.init).joined(separator: "x")
            text += "\(tensor.name) \(tensor.dtype.rawValue) \(shape) \(digest)\n"
        }
        return .of(Array(text.utf8))
    }

    /// The text for the metadata.
    package var text: String {
        func json(_ tensor: Tensor, _ further: [(name: String, value: JSONValue)] = []) -> (String, JSONValue) {
            var members: [(name: String, value: JSONValue)] = [
                ("dtype", .string(tensor.dtype.rawValue)), ("shape", .array(tensor.shape.map(JSONValue.integer))),
            ]
            if let digest = tensor.digest { members.append(("digest", .string("\(digest)"))) }
            return (tensor.name, .object(JSONObject(members + further)))
        }
        func object(_ tensors: [Tensor], _ members: [(String, JSONValue)]) -> JSONValue {
            .object([
                "digest": JSONValue(Self.digest(of: tensors)?.description),
                "tensors": .object(JSONObject(members.map { (name: $0.0, value: $0.1) })),
            ])
        }
        let model = tensors.map { entry -> (String, JSONValue) in
            var further: [(name: String, value: JSONValue)] = [("coding", .string(entry.coding.name))]
            switch entry.coding {
            case .groups(let n, let m):
                further.append(("n", .integer(n)))
                further.append(("m", .integer(m)))
            case .lowrank(let rank): further.append(("rank", .integer(rank)))
            default: break
            }
            return json(entry.tensor, further)
        }
        let pack: JSONValue = [
            "version": .integer(Self.version), "program": .string(program),
            "base": object(base, base.map { json($0) }), "model": object(tensors.map(\.tensor), model),
            "other_files": JSONValue(otherFiles),
        ]
        return pack.text
    }

    /// The description in a file's metadata.
    ///
    /// Throws `data` with the place when it is not one, or one of a later version.
    package init(_ file: SafetensorsFile) throws {
        let text = file.metadata[Self.key] ?? ""
        let place = "\(file.path): \(Self.key)"
        let pack = try PackReader(value: JSONValue(text.utf8, file: place), place: place)
        let version = try pack.member("version").count
        guard version <= Self.version else {
            throw DPPAError(
                .data, "\(file.path) is a pack of version \(version); this program reads \(Self.version)",
                notes: ["read it with the dppa-run that wrote it, or a later one"])
        }
        program = try pack.member("program").text
        base = try pack.member("base").member("tensors").members.map { try $1.tensor(named: $0) }
        tensors = try pack.member("model").member("tensors").members.map {
            (try $1.tensor(named: $0), try $1.coding)
        }
        otherFiles = try pack.member("other_files").array.map { try $0.text }
    }
}

/// A value in a description that a stranger may have written, with its place for messages.
private struct PackReader {
    let value: JSONValue
    let place: String

    func damage(_ wanted: String) -> DPPAError {
        DPPAError(.data, "\(place): expected \(wanted)", notes: ["the pack is damaged; copy or download it again"])
    }

    var text: String { get throws { try wanted(value.string, "a text") } }
    var count: Int {
        get throws { try wanted(value.int.flatMap { $0 < 0 ? nil : $0 }, "a whole number that is not negative") }
    }
    var array: [PackReader] {
        get throws { try wanted(value.array, "a list").map { PackReader(value: $0, place: place) } }
    }
    var members: [(name: String, value: PackReader)] {
        get throws {
            try wanted(value.object, "an object").members.map {
                ($0.name, PackReader(value: $0.value, place: "\(place).\($0.name.shown)"))
            }
        }
    }

    func member(_ name: String) throws -> PackReader {
        PackReader(value: try wanted(value[name], "'\(name)'"), place: "\(place).\(name)")
    }

    func tensor(named name: String) throws -> PackDescription.Tensor {
        let dtype = try wanted(DType(rawValue: member("dtype").text), "a dtype that is read")
        let shape = try member("shape").array.map { try $0.count }
        guard SafetensorsHeader.elements(of: shape) != nil else { throw damage("a shape that is not too large") }
        let digest = try value["digest"].map {
            try wanted($0.string.flatMap { Digest($0) }, "a digest of 32 hexadecimal digits")
        }
        return PackDescription.Tensor(name: name, dtype: dtype, shape: shape, digest: digest)
    }

    var coding: PackCoding {
        get throws {
            switch try member("coding").text {
            case "same": return .same
            case "dense": return .dense
            case "bitmask": return .bitmask
            case "gaps": return .gaps
            case "nm":
                let (n, m) = (try member("n").count, try member("m").count)
                guard GroupCode.sizes.contains(m), (1...m).contains(n) else { throw damage("n of m = 4, 8 or 16") }
                return .groups(n: n, m: m)
            case "sign": return .sign
            case "lowrank": return .lowrank(try member("rank").count)
            case let other:
                throw damage("a coding (\(PackCoding.names.joined(separator: ", "))), got '\(other.shown)'")
            }
        }
    }

    private func wanted<T>(_ found: T?, _ words: String) throws -> T {
        guard let found else { throw damage(words) }
        return found
    }
}

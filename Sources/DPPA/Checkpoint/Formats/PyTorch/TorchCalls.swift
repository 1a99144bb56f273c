import DPPAKernels
import DPPASupport

/// The bytes that tensors are views of, as a pickle names them.
struct TorchStorage {
    /// The text that names it.
    var key: Int
    /// The type of its elements; nil where it is of bytes.
    var dtype: DType?
    /// The number of its elements, or bytes.
    var count: Int

    /// Throws unless the place in the file that is the storage's has as many bytes as the pickle says; `what` is that place.
    func require(_ found: Int, _ what: String, of tensor: String, in path: String) throws {
        let size = dtype?.byteSize ?? 1
        let (bytes, overflows) = count.multipliedReportingOverflow(by: size)
        guard !overflows, bytes == found else {
            throw ZipArchive.damage(
                path,
                "its \(what), in which \(tensor.shown) is, has \(found) bytes; its pickle says \(count) elements of \(size)"
            )
        }
    }
}

/// A tensor as a pickle describes it; what of it can be, `TorchTensor.source` finds out.
struct TorchTensor {
    var storage: Int
    var dtype: DType
    /// The first element's place in the storage, in elements.
    var offset: Int
    var shape: [Int]
    /// How many elements of the storage lie from one index to the next, for each dimension.
    var strides: [Int]
}

/// What the functions of `TorchGlobal` give.
extension PickleMachine {
    /// The value of a call.
    ///
    /// Throws `data` for other arguments than torch.save writes.
    mutating func call(_ function: TorchGlobal, _ arguments: [Pickle.Value]) throws -> Pickle.Value {
        switch function {
        case .orderedDict where arguments.isEmpty: return emptyDictionary()
        case .size where arguments.count == 1:
            if case .tuple = arguments[0] { return arguments[0] }
        case .rebuildParameter where arguments.count == 3:
            if case .tensor = arguments[0] { return arguments[0] }
        case .rebuildTensor where (6...7).contains(arguments.count):
            if case .storage(let number) = arguments[0], let type = storages[number].dtype {
                return try tensor(number, type, arguments, metadata: arguments.dropFirst(6).first)
            }
        case .rebuildTypedTensor where (7...8).contains(arguments.count):
            if case .storage(let number) = arguments[0], case .global(.dtype(let type)) = arguments[6] {
                return try tensor(number, type, arguments, metadata: arguments.dropFirst(7).first)
            }
        default: break
        }
        let given = arguments.prefix(9).map(\.description).joined(separator: ", ")
        throw fault("it calls \(function.description) with \(given.isEmpty ? "nothing" : given)", isForeign: true)
    }

    private mutating func tensor(
        _ storage: Int, _ dtype: DType, _ arguments: [Pickle.Value], metadata: Pickle.Value?
    ) throws -> Pickle.Value {
        guard case .integer(let offset) = arguments[1] else {
            throw fault("a tensor begins at \(arguments[1].description)")
        }
        // Bits that stand for a negated or conjugated view.
        if case .dictionary(let place)? = metadata, !dictionaries[place].isEmpty {
            throw fault("a tensor stands for the negative or the conjugate of what is stored", isForeign: true)
        }
        tensors.append(
            TorchTensor(
                storage: storage, dtype: dtype, offset: offset, shape: try numbers(arguments[2], "size"),
                strides: try numbers(arguments[3], "stride")))
        return .tensor(tensors.count - 1)
    }

    /// The numbers of a tuple, which tensors that share it share.
    private mutating func numbers(_ value: Pickle.Value, _ word: String) throws -> [Int] {
        guard case .tuple(let place) = value, sequences[place].count <= 64 else {
            throw fault("a tensor's \(word) is no tuple of at most 64 whole numbers")
        }
        if let known = dimensions[place] { return known }
        let numbers = try sequences[place].map { item in
            guard case .integer(let number) = item, number >= 0 else {
                throw fault("a tensor's \(word) is no tuple of whole numbers from 0")
            }
            return number
        }
        dimensions[place] = numbers
        return numbers
    }

    /// The storage that a persistent name means: `("storage", type, key, location, count)`, of older files with None behind.
    mutating func storage(_ name: Pickle.Value) throws -> Pickle.Value {
        guard case .tuple(let place) = name else { throw fault("it names a storage by \(name.description)") }
        let parts = sequences[place]
        guard parts.count == 5 || parts.count == 6, case .text(let word) = parts[0], texts[word] == "storage",
            case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2], case .text = parts[3],
            case .integer(let count) = parts[4], count >= 0
        else {
            let given = parts.prefix(7).map(\.description).joined(separator: ", ")
            throw fault("it names a storage by (\(given))", isForeign: true)
        }
        if parts.count == 6 {
            guard case .none = parts[5] else { throw fault("its storage \(texts[key].shown) is a part of another one") }
        }
        storages.append(TorchStorage(key: key, dtype: type, count: count))
        return .storage(storages.count - 1)
    }
}

import DPPASupport

/// Carries out a pickle: a stack, a memo, and lists, dicts and tensors in memory of its own; nothing is called but what
/// `TorchGlobal` lists, and that makes values alone.
///
/// Work and memory are bounded by the bytes and by `stepLimit`: an instruction makes one value or moves those that there are.
struct PickleMachine {
    var bytes: FileBytes
    private(set) var texts: [String] = []
    var sequences: [[Pickle.Value]] = []
    var dictionaries: [[(key: Pickle.Value, value: Pickle.Value)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchTensor] = []
    /// Shapes and distances by the tuples that they stood in, which several tensors may share.
    var dimensions: [Int: [Int]] = [:]
    /// The place of the instruction that is carried out.
    private(set) var place = 0
    private var stack: [Pickle.Value] = []
    /// How many values stood on the stack at each mark.
    private var marks: [Int] = []
    private var memo: [Int: Pickle.Value] = [:]
    private var steps = 0

    /// The most instructions of a file: about forty are one tensor, and at worst they take half a gigabyte.
    static let stepLimit = 1 << 22
    /// The most bytes of a pickle, as of a safetensors header.
    static let sizeLimit = 100_000_000

    /// A machine for the pickles that stand in a part of a file.
    init(_ file: FileDescriptor, _ range: Range<Int>) { bytes = FileBytes(file, range, part: "its pickle") }

    /// Carries out the next pickle to its end.
    ///
    /// Throws `data` errors that name the file, the byte and what stands there.
    mutating func run() throws -> Pickle.Value {
        (stack, marks, memo) = ([], [], [:])
        while true {
            place = bytes.offset
            steps += 1
            guard steps <= Self.stepLimit else {
                throw fault("it takes more than \(Self.stepLimit) instructions", isForeign: true)
            }
            let byte = try bytes.byte()
            guard let opcode = Pickle.Opcode(rawValue: byte) else {
                let name =
                    Pickle.refused[byte].map { "the instruction \($0)" } ?? "the byte \(byte), which is no instruction"
                throw fault("it has \(name)", isForeign: Pickle.refused[byte] != nil)
            }
            if opcode == .stop {
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw fault("it ends with \(stack.count) values left over") }
                return value
            }
            try step(opcode)
        }
    }

    private mutating func step(_ opcode: Pickle.Opcode) throws {
        switch opcode {
        case .stop: break
        case .proto:
            let version = try bytes.byte()
            guard (2...5).contains(version) else { throw fault("it is of protocol \(version); 2 to 5 are read") }
        case .frame:
            let length = try bytes.number(8)
            guard length <= UInt64(bytes.left) else {
                throw fault("it has a frame of \(length) bytes; \(bytes.left) are left")
            }
        case .none: stack.append(.none)
        case .newTrue: stack.append(.truth(true))
        case .newFalse: stack.append(.truth(false))
        case .int8: stack.append(.integer(Int(try bytes.byte())))
        case .int16: stack.append(.integer(Int(try bytes.number(2))))
        case .int32: stack.append(.integer(Int(Int32(truncatingIfNeeded: try bytes.number(4)))))
        case .long: stack.append(.integer(try long()))
        case .float: stack.append(.number(Double(bitPattern: try bytes.number(8).byteSwapped)))
        case .shortText: try text(UInt64(bytes.byte()))
        case .text: try text(bytes.number(4))
        case .longText: try text(bytes.number(8))
        case .mark: marks.append(stack.count)
        case .emptyTuple: push([])
        case .tuple: push(try popMark())
        case .tuple1, .tuple2, .tuple3:
            let count = Int(opcode.rawValue - Pickle.Opcode.tuple1.rawValue) + 1
            try require(count)
            let items = Array(stack.suffix(count))
            stack.removeLast(count)
            push(items)
        case .emptyList:
            sequences.append([])
            stack.append(.list(sequences.count - 1))
        case .append: try append([pop()])
        case .appends: try append(popMark())
        case .emptyDict: stack.append(emptyDictionary())
        case .setItem:
            let value = try pop()
            try set([pop(), value])
        case .setItems: try set(popMark())
        case .put: try remember(Int(bytes.byte()))
        case .longPut: try remember(Int(bytes.number(4)))
        case .memoize: try remember(memo.count)
        case .get: try recall(Int(bytes.byte()))
        case .longGet: try recall(Int(bytes.number(4)))
        case .global:
            let module = try line()
            stack.append(try global(module, line()))
        case .stackGlobal:
            let (name, module) = (try pop(), try pop())
            guard case .text(let first) = module, case .text(let second) = name else {
                throw fault("it names a function by \(module.description) and \(name.description)")
            }
            stack.append(try global(texts[first], texts[second]))
        case .reduce:
            let (arguments, callable) = (try pop(), try pop())
            guard case .global(let function) = callable, case .tuple(let tuple) = arguments else {
                throw fault("it calls \(callable.description) with \(arguments.description)", isForeign: true)
            }
            stack.append(try call(function, sequences[tuple]))
        case .persistent: stack.append(try storage(pop()))
        case .build:
            // What a state_dict says of the versions of its modules.
            _ = try pop()
            guard case .dictionary = try top() else {
                throw fault("it sets the state of \(try top().description)", isForeign: true)
            }
        }
    }

    /// A new empty dict.
    mutating func emptyDictionary() -> Pickle.Value {
        dictionaries.append([])
        return .dictionary(dictionaries.count - 1)
    }

    /// An error at the instruction that is carried out; foreign is what may be right in a file that is none of tensors alone.
    func fault(_ words: String, isForeign: Bool = false) -> DPPAError {
        DPPAError(
            .data, "\(bytes.path): its pickle is not read at byte \(place): \(words)",
            notes: [
                isForeign ? Pickle.conversion : "the file is damaged, or no file of PyTorch; copy or download it again"
            ])
    }

    private mutating func push(_ items: [Pickle.Value]) {
        sequences.append(items)
        stack.append(.tuple(sequences.count - 1))
    }

    /// So many values must stand above the last mark.
    private func require(_ count: Int) throws {
        guard stack.count - (marks.last ?? 0) >= count else { throw fault("it takes a value where there is none") }
    }

    private func top() throws -> Pickle.Value {
        try require(1)
        return stack[stack.count - 1]
    }

    private mutating func pop() throws -> Pickle.Value {
        try require(1)
        return stack.removeLast()
    }

    private mutating func popMark() throws -> [Pickle.Value] {
        guard let mark = marks.popLast() else { throw fault("it goes back to a mark where there is none") }
        let items = Array(stack[mark...])
        stack.removeLast(items.count)
        return items
    }

    private mutating func append(_ items: [Pickle.Value]) throws {
        guard case .list(let list) = try top() else { throw fault("it appends to \(try top().description)") }
        sequences[list] += items
    }

    private mutating func set(_ items: [Pickle.Value]) throws {
        guard case .dictionary(let dictionary) = try top() else {
            throw fault("it sets a key of \(try top().description)")
        }
        guard items.count.isMultiple(of: 2) else { throw fault("it sets a key without a value") }
        for index in stride(from: 0, to: items.count, by: 2) {
            dictionaries[dictionary].append((items[index], items[index + 1]))
        }
    }

    private mutating func remember(_ number: Int) throws { memo[number] = try top() }

    private mutating func recall(_ number: Int) throws {
        guard let value = memo[number] else {
            throw fault("it asks for number \(number) of its memo, which is empty there")
        }
        stack.append(value)
    }

    private mutating func long() throws -> Int {
        let count = Int(try bytes.byte())
        guard count <= 8 else { throw fault("it has a whole number of \(count) bytes; at most 8 are read") }
        let value = try bytes.number(count)
        let shift = UInt64(64 - 8 * count)
        return count == 0 ? 0 : Int(Int64(bitPattern: value << shift) >> Int64(shift))
    }

    private mutating func text(_ length: UInt64) throws {
        guard length <= UInt64(bytes.left) else {
            throw fault("it has a text of \(length) bytes; \(bytes.left) are left")
        }
        guard let text = String(validating: try bytes.take(Int(length)), as: UTF8.self) else {
            throw fault("it has a text that is not UTF-8")
        }
        texts.append(text)
        stack.append(.text(texts.count - 1))
    }

    /// A name, up to the end of its line.
    private mutating func line() throws -> String {
        var name: [UInt8] = []
        while true {
            let byte = try bytes.byte()
            if byte == 10 { return String(decoding: name, as: UTF8.self) }
            guard name.count < 1000 else { throw fault("it has a name of more than 1000 bytes") }
            name.append(byte)
        }
    }

    private func global(_ module: String, _ name: String) throws -> Pickle.Value {
        guard let global = TorchGlobal(module: module, name: name) else {
            throw fault(
                "it asks for \("\(module).\(name)".shown), which is none of what tensors are made of", isForeign: true)
        }
        return .global(global)
    }
}

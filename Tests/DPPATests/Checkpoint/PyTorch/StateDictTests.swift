import DPPA
import Testing

/// Tensors that a storage does not hold, and dicts of which nothing tells where the tensors are.
@Suite("State dicts of PyTorch")
struct StateDictTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let tensor = Torch.tensor([4], [1])

    private static func value(_ name: String, _ value: [UInt8], _ words: String...) -> Malformed {
        Malformed(name, words + ["a.bin"]) { Torch.file(value) }
    }

    private static func tensor(_ name: String, _ tensor: [UInt8], _ words: String...) -> Malformed {
        Malformed(name, words + ["a.bin"]) { Torch.file(Torch.dict([("x", tensor)])) }
    }

    static let tensors: [Malformed] = [
        tensor("one too many", Torch.tensor([5], [1]), "x: its shape [5]", "beyond its storage of 4"),
        tensor("one beyond", Torch.tensor([4], [1], at: 1), "from element 1 reaches beyond"),
        tensor("steps beyond", Torch.tensor([2, 2], [3, 1]), "strides [3, 1]", "beyond"),
        tensor("before the storage", Torch.tensor([1], [1], at: -1), "from element -1 reaches"),
        tensor("negative size", Torch.tensor([-1], [1]), "size is no tuple of whole numbers from 0"),
        tensor("negative stride", Torch.tensor([4], [-1], at: 3), "stride is no tuple of whole numbers from 0"),
        tensor("fewer strides", Torch.tensor([2, 2], [1]), "2 sizes and 1 strides"),
        tensor("2^62 elements", Torch.tensor([1 << 31, 1 << 31], [0, 0]), "too large"),
        tensor("sizes that wrap around", Torch.tensor([1 << 33, 1 << 33], [0, 0]), "too large"),
        tensor("steps that wrap around", Torch.tensor([5, 3], [1 << 62, 1]), "beyond"),
        tensor("a last element that wraps around", Torch.tensor([2], [.max], at: .max), "beyond"),
        tensor("the last number there is", Torch.tensor([1], [1], at: .max), "beyond"),
        tensor("a terabyte of one element", Torch.tensor([1 << 38], [0]), "64 times as large"),
        tensor("100 dimensions", Torch.tensor(Array(repeating: 1, count: 100), []), "at most 64 whole numbers"),
        tensor(
            "sizes of texts",
            Torch.call(
                Torch.rebuild, Torch.storage("0", 4), Torch.int(0), Torch.tuple(Torch.text("4")), Torch.numbers([1]),
                [0x89], [0x7D]),
            "size is no tuple of whole numbers"),
        tensor(
            "an offset of None",
            Torch.call(
                Torch.rebuild, Torch.storage("0", 4), [0x4E], Torch.numbers([4]), Torch.numbers([1]), [0x89], [0x7D]),
            "a tensor begins at None"),
        tensor(
            "conjugated",
            Torch.call(
                Torch.rebuild, Torch.storage("0", 4), Torch.int(0), Torch.numbers([4]), Torch.numbers([1]), [0x89],
                [0x7D],
                Torch.dict([("conj", [0x88])])), "the conjugate of what is stored"),
        tensor("no such record", Torch.tensor([4], [1], key: "1"), "no record a/data/1, in which x is"),
        tensor(
            "a record outside", Torch.tensor([4], [1], key: "../../etc/passwd"), "no record a/data/../../etc/passwd"),
        tensor(
            "fewer bytes", Torch.tensor([4], [1], of: 5), "a/data/0, in which x is, has 16 bytes", "5 elements of 4"),
        tensor("more bytes", Torch.tensor([3], [1], of: 3), "has 16 bytes", "3 elements of 4"),
        tensor("bytes that wrap around", Torch.tensor([4], [1], of: 1 << 62), "has 16 bytes"),
        tensor("a negative storage", Torch.tensor([0], [1], of: -1), "names a storage by"),
        tensor(
            "a storage of bytes without a type",
            Torch.call(
                Torch.rebuild,
                Torch.tuple(
                    Torch.text("storage"), Torch.global("torch.storage", "UntypedStorage"), Torch.text("0"),
                    Torch.text("cpu"),
                    Torch.int(16)) + [0x51],
                Torch.int(0), Torch.numbers([4]), Torch.numbers([1]), [0x89], [0x7D]), "makes a tensor with a storage"),
    ]

    static let dicts: [Malformed] = [
        value("None", [0x4E], "holds None where a dict of tensors"),
        value("a tensor", tensor, "holds a tensor where a dict of tensors", "state_dict by itself"),
        value("a text", Torch.text("x"), "holds a text"),
        value("no tensors", Torch.dict([("a", [0x4E]), ("b", [0x7D])]), "holds no tensors; its keys are a, b"),
        value("a number as a name", [0x7D] + Torch.int(1) + tensor + [0x73], "a whole number as a key"),
        value("a name twice", Torch.dict([("x", tensor), ("x", tensor)]), "two entries x"),
        value(
            "tensors in a dict beside tensors", Torch.dict([("x", tensor), ("sub", Torch.dict([("y", tensor)]))]),
            "in a dict of their own, sub"),
        value("in an unknown dict", Torch.dict([("ema", Torch.dict([("y", tensor)]))]), "nothing tells", "ema"),
        value(
            "in two",
            Torch.dict([("model", Torch.dict([("y", tensor)])), ("state_dict", Torch.dict([("y", tensor)]))]),
            "nothing tells which are the model's: model, state_dict"),
        value(
            "in a dict of a dict", Torch.dict([("model", Torch.dict([("state_dict", Torch.dict([("y", tensor)]))]))]),
            "holds no tensors; its keys are model"),
        value("a control character", Torch.dict([("\u{1B}[2J", [0x4E])]), "its keys are \\u{1B}[2J"),
    ]

    @Test("Tensors that their storage does not hold", arguments: tensors) func refuseTensors(file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "a.bin") { _ = try OpenModel(at: $0, label: "a") }
    }

    @Test("Dicts that hold no model", arguments: dicts) func refuseDicts(file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "a.bin") { _ = try OpenModel(at: $0, label: "a") }
    }

    @Test(
        "Every place where trainings put the tensors", arguments: ["state_dict", "model_state_dict", "model", "module"])
    func wrappers(key: String) throws {
        let value = Torch.dict([("ema", Torch.dict([("y", Self.tensor)])), (key, Torch.dict([("x", Self.tensor)]))])
        let model = try OpenModel(at: folder.write(Torch.file(value), "a.bin"), label: "a")
        #expect(model.tensors.map(\.facts.name) == ["x"])
        #expect(model.notices[0].hasSuffix("the tensors in \(key) were read; left aside beside it: ema"))
    }

    @Test("What fits to the last element, and tensors without elements and storages")
    func fits() throws {
        let value = Torch.dict([
            ("a", Torch.tensor([2, 2], [2, 1])), ("b", Torch.tensor([2], [1], at: 2)),
            ("c", Torch.tensor([], [], at: 3)),
            ("d", Torch.tensor([0, 5], [5, 1], at: 4)), ("e", Torch.tensor([1, 4], [77, 1])),
            ("f", Torch.tensor([2, 0], [0, 9], at: 9)),
        ])
        let bytes = (0..<16).map { UInt8($0) }
        let model = try OpenModel(at: folder.write(Torch.file(value, ["0": bytes]), "a.bin"), label: "a")
        #expect(
            try model.tensors.map { try $0.source.bytes() }
                == [bytes, Array(bytes[8...]), Array(bytes[12...]), [], bytes, []])
    }
}

import DPPA
import Testing

/// Pickles that would do something, that are damaged, and that would fill a memory: each is an error that names file and byte.
@Suite("Pickles")
struct PickleTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static func pickle(_ name: String, _ value: [UInt8], _ words: String...) -> Malformed {
        Malformed(name, words + ["a.bin"]) { Torch.file(value) }
    }

    private static let run = Torch.global("posix", "system")
    private static let command = Torch.text("touch /tmp/x")

    /// What would run code in Python.
    static let attacks: [Malformed] = [
        pickle(
            "os.system", Torch.call(run, command), "asks for posix.system", "not read at byte \(Torch.start + 2)",
            "nothing in a file is run", "save_file"),
        pickle("builtins.eval", Torch.call(Torch.global("builtins", "eval"), Torch.text("1")), "builtins.eval"),
        pickle(
            "__builtin__.eval", Torch.call(Torch.global("__builtin__", "eval"), Torch.text("1")), "__builtin__.eval"),
        pickle("by names on the stack", Torch.text("builtins") + Torch.text("exec") + [0x93], "asks for builtins.exec"),
        pickle("in a state_dict", Torch.dict([("a", Torch.call(run, command))]), "posix.system"),
        pickle("as a hook", Torch.call(Torch.rebuild, Torch.storage("0", 4), run), "posix.system"),
        pickle(
            "a chain of calls", Torch.call(Torch.call(Torch.global("builtins", "getattr"), command), command),
            "builtins.getattr"),
        pickle("an instance", [0x28] + command + Array("iposix\nsystem\n".utf8), "the instruction INST"),
        pickle("an object", [0x28] + command + [0x6F], "the instruction OBJ"),
        pickle("a class", Torch.hooks + [0x29, 0x81], "the instruction NEWOBJ"),
        pickle("a class with keywords", [0x7D, 0x92], "the instruction NEWOBJ_EX"),
        pickle("an extension", [0x82, 1], "the instruction EXT1"),
        pickle("a number as text", Array("I1\n".utf8), "the instruction INT"),
        pickle("a name as text", Array("P1\n".utf8), "the instruction PERSID"),
        pickle("bytes", [0x43, 1, 0], "the instruction SHORT_BINBYTES"),
        pickle("no instruction", [0xFF], "the byte 255, which is no instruction"),
        pickle("a dotted name", Torch.text("torch") + Torch.text("Size.__class__") + [0x93], "torch.Size.__class__"),
        pickle("a module of torch", Torch.global("torch.hub", "load"), "torch.hub.load"),
        pickle("a complex storage", Torch.storage("0", 4, "ComplexFloatStorage"), "torch.ComplexFloatStorage"),
        pickle("the result called", Torch.call(Torch.hooks, command), "calls a dict with a tuple"),
        pickle(
            "a type called", Torch.call(Torch.global("torch", "float32"), command), "calls the type F32 with a text"),
        pickle(
            "a storage called", Torch.call(Torch.global("torch", "FloatStorage"), Torch.int(4)), "a type of storages"),
        pickle(
            "a dict of arguments", Torch.call(Torch.global("collections", "OrderedDict"), command),
            "OrderedDict with a text"),
        pickle("no arguments", Torch.call(Torch.rebuild), "makes a tensor with nothing"),
        pickle("state of a tuple", [0x29, 0x7D, 0x62], "sets the state of a tuple"),
        pickle("state of a tensor", Torch.tensor([4], [1]) + [0x7D, 0x62], "sets the state of a tensor"),
        pickle("a text for a storage", Torch.text("0") + [0x51], "names a storage by a text"),
        pickle(
            "a module for a storage", Torch.tuple(Torch.text("module"), Torch.text("x")) + [0x51], "by (a text, a text)"
        ),
    ]

    static let damaged: [Malformed] = [
        pickle("nothing", [], "takes a value where there is none", "byte \(Torch.start + 2)"),
        pickle("two values", [0x4E, 0x4E], "ends with 1 values left over"),
        pickle("a mark left over", [0x4E, 0x28, 0x4E], "values left over"),
        pickle("no mark", [0x4E, 0x74], "goes back to a mark"),
        pickle("a value below the mark", [0x4E, 0x28, 0x85], "takes a value where there is none"),
        pickle("an empty memo", [0x68, 7], "number 7 of its memo"),
        pickle("an empty memo, far away", [0x6A, 255, 255, 255, 255], "number 4294967295 of its memo"),
        pickle("a memo of nothing", [0x94], "takes a value where there is none"),
        pickle("a key without a value", [0x7D, 0x28] + Torch.text("a") + [0x75], "a key without a value"),
        pickle("a key of None", [0x4E, 0x4E, 0x4E, 0x73], "a key of None"),
        pickle("appended to None", [0x4E, 0x4E, 0x61], "appends to None"),
        pickle("protocol 1", [0x80, 1, 0x4E], "protocol 1; 2 to 5"),
        pickle("protocol 6", [0x80, 6, 0x4E], "protocol 6; 2 to 5"),
        pickle("no end", [0x4E, 0x58, 0xFF, 0, 0, 0], "a text of 255 bytes; 1 are left"),
        pickle("a text of 4 GB", [0x58, 255, 255, 255, 255], "a text of 4294967295 bytes"),
        pickle("a text of 16 EB", [0x8D] + [UInt8](repeating: 255, count: 8), "a text of 18446744073709551615 bytes"),
        pickle("not UTF-8", [0x8C, 2, 0xC3, 0x28], "a text that is not UTF-8"),
        pickle("a frame beyond the end", [0x95] + Torch.little(99, 8), "a frame of 99 bytes"),
        pickle(
            "a number of 255 bytes", [0x8A, 255] + [UInt8](repeating: 1, count: 255), "a whole number of 255 bytes"),
        pickle("a number of 2 GB", [0x8B, 255, 255, 255, 127], "the instruction LONG4"),
        pickle(
            "a name that is nowhere closed", [0x63] + [UInt8](repeating: 65, count: 1 << 20), "a name of more than 1000"
        ),
        pickle("a function by numbers", Torch.int(1) + Torch.int(2) + [0x93], "by a whole number and a whole number"),
        Malformed("cut in an instruction", ["its pickle ends at byte", "cut short"]) {
            Torch.zip([("a/data.pkl", [0x80, 2, 0x4B])])
        },
        Malformed("cut between two", ["its pickle ends at byte"]) { Torch.zip([("a/data.pkl", [0x80, 2, 0x4E])]) },
        Malformed("an empty one", ["its pickle ends at byte"]) { Torch.zip([("a/data.pkl", [])]) },
    ]

    /// Small files that stand for much, and what holds itself.
    static let bombs: [Malformed] = [
        pickle(
            "a list of lists of lists, each twice", doubled(200), "it holds a list where a dict of tensors is expected"),
        pickle(
            "the same in a dict", [0x7D] + Torch.text("a") + doubled(200) + [0x73], "holds no tensors; its keys are a"),
        pickle(
            "a dict in itself", [0x7D, 0x71, 0] + Torch.text("a") + [0x68, 0, 0x73], "holds no tensors; its keys are a"),
        pickle(
            "a dict in itself, beside tensors",
            [0x7D, 0x71, 0, 0x28] + Torch.text("a") + [0x68, 0] + Torch.text("b") + Torch.tensor([4], [1]) + [0x75],
            "tensors beside others that are in a dict of their own, a"),
        pickle("a list in itself", [0x5D, 0x71, 0, 0x68, 0, 0x61], "it holds a list"),
        pickle("a tuple in its own list", [0x5D, 0x71, 0, 0x85, 0x71, 1, 0x30], "POP"),
        Malformed("half a million lists deep", ["it holds a list"]) {
            let depth = 500_000
            return Torch.file([UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1))
        },
        Malformed("half a million tuples deep", ["it holds a tuple"]) {
            Torch.file([0x29] + [UInt8](repeating: 0x85, count: 500_000))
        },
        Malformed("half a million dicts deep", ["it holds a tuple"]) {
            let depth = 500_000
            let inward = (0..<depth).flatMap { _ in [0x68, 0, 0x7D] as [UInt8] }
            return Torch.file([0x8C, 1, 97, 0x94, 0x7D] + inward + [UInt8](repeating: 0x73, count: depth) + [0x86])
        },
        Malformed("ten million values", ["more than 4194304 instructions"]) {
            Torch.file([UInt8](repeating: 0x7D, count: 10_000_000))
        },
        Malformed("ten million marks", ["more than 4194304 instructions"]) {
            Torch.file([UInt8](repeating: 0x28, count: 10_000_000))
        },
        Malformed("a memo of a million numbers", ["values left over"]) {
            Torch.file([0x4E, 0x4E] + (0..<1_000_000).flatMap { [0x72] + Torch.little($0 &* 2_654_435_761, 4) })
        },
    ]

    /// A list that has a list twice, which has a list twice.
    private static func doubled(_ depth: Int) -> [UInt8] {
        (0..<depth).flatMap { _ in [0x5D] as [UInt8] }
            + (0..<depth - 1).flatMap { [0x71, UInt8($0), 0x61, 0x68, UInt8($0), 0x61] as [UInt8] }
    }

    @Test("What would run is refused by its name", arguments: attacks) func refuseAttacks(file: Malformed) throws {
        try refuse(file)
    }

    @Test("What is damaged", arguments: damaged) func refuseDamaged(file: Malformed) throws { try refuse(file) }

    @Test("Depth, size and circles", arguments: bombs) func refuseBombs(file: Malformed) throws { try refuse(file) }

    private func refuse(_ file: Malformed) throws {
        try file.expectRefusal(in: folder, as: "a.bin") { _ = try OpenModel(at: $0, label: "a") }
    }
}

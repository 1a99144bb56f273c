internal import CLua
import DPPA
import DPPASupport

/// Values from C's plain structs.
struct ValueReader {
    let objects: ObjectTable

    func value(_ raw: clua_value) -> ScriptValue {
        switch raw.kind {
        case CLUA_BOOLEAN: return .bool(raw.integer != 0)
        case CLUA_INTEGER: return .integer(Int(raw.integer))
        case CLUA_NUMBER: return .number(raw.number)
        case CLUA_STRING: return .string(text(raw))
        case CLUA_TABLE:
            var table = ScriptTable()
            table.array = (0..<raw.count).map { value(raw.list[$0]) }
            for index in 0..<raw.field_count { table.fields[text(raw.keys[index])] = value(raw.fields[index]) }
            return .table(table)
        case CLUA_OBJECT: return objects.object(raw.handle).map { .object($0) } ?? .null
        case CLUA_FUNCTION: return .function
        default: return .null
        }
    }

    private func text(_ raw: clua_value) -> String {
        guard let bytes = raw.bytes else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: raw.count), as: UTF8.self)
    }
}

/// Values as C's plain structs, with memory that lives until the next call.
final class ValueWriter {
    private var blocks: [UnsafeMutableRawPointer] = []
    private let objects: ObjectTable
    private let typeOf: (any ScriptObject) -> UInt32

    init(objects: ObjectTable, typeOf: @escaping (any ScriptObject) -> UInt32) {
        self.objects = objects
        self.typeOf = typeOf
    }

    deinit { clear() }

    /// Frees what the last call's results were made of.
    func clear() {
        for block in blocks { block.deallocate() }
        blocks.removeAll(keepingCapacity: true)
    }

    func values(_ values: [ScriptValue]) -> UnsafePointer<clua_value> {
        let block = UnsafeMutablePointer<clua_value>.allocate(capacity: max(1, values.count))
        blocks.append(UnsafeMutableRawPointer(block))
        for (index, value) in values.enumerated() { (block + index).initialize(to: raw(value)) }
        return UnsafePointer(block)
    }

    private func raw(_ value: ScriptValue) -> clua_value {
        var raw = clua_value()
        switch value {
        case .null, .function: raw.kind = CLUA_NIL
        case .bool(let flag):
            raw.kind = CLUA_BOOLEAN
            raw.integer = flag ? 1 : 0
        case .integer(let number):
            raw.kind = CLUA_INTEGER
            raw.integer = Int64(number)
        case .number(let number):
            raw.kind = CLUA_NUMBER
            raw.number = number
        case .string(let text): raw = string(text)
        case .table(let table):
            let keys = table.fields.keys.sorted { $0.precedes($1) }
            raw.kind = CLUA_TABLE
            raw.count = table.array.count
            raw.list = values(table.array)
            raw.field_count = keys.count
            raw.keys = values(keys.map { .string($0) })
            raw.fields = values(keys.map { table.fields[$0] ?? .null })
        case .object(let object):
            raw.kind = CLUA_OBJECT
            raw.type = typeOf(object)
            raw.handle = objects.insert(object)
        }
        return raw
    }

    private func string(_ text: String) -> clua_value {
        let bytes = Array(text.utf8)
        let block = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        blocks.append(UnsafeMutableRawPointer(block))
        for (index, byte) in bytes.enumerated() { block[index] = CChar(bitPattern: byte) }
        block[bytes.count] = 0
        var raw = clua_value()
        raw.kind = CLUA_STRING
        raw.bytes = UnsafePointer(block)
        raw.count = bytes.count
        return raw
    }
}

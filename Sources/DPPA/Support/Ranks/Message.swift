/// What ranks tell each other: numbers, texts and lists, one behind the other, taken out in the order in which they were put in.
///
/// Numbers lie as they are in memory: the processors of one run are of one kind.
package struct Message: Sendable {
    /// All that was put in.
    package private(set) var bytes: [UInt8]
    /// What has been taken out.
    private var next = 0

    /// A message to be put together, or one that was received.
    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    /// Whether all has been taken out.
    package var isAtEnd: Bool { next == bytes.count }

    package mutating func put<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    package mutating func put<Value: BitwiseCopyable>(_ values: [Value]) {
        put(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Puts in so many values from memory, with their number.
    package mutating func put<Value: BitwiseCopyable>(_ values: UnsafePointer<Value>, count: Int) {
        put(count)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<Value>.stride))
    }

    /// Puts in what another one holds.
    package mutating func append(_ message: Message) { bytes += message.bytes }

    package mutating func put(_ text: String) { put(Array(text.utf8)) }

    /// Puts in a value that may be none.
    package mutating func putOptional<Value: BitwiseCopyable>(_ value: Value?) {
        put(value != nil)
        if let value { put(value) }
    }

    /// Throws an `internalFault` when there is less than that, as do the others.
    package mutating func take<Value: BitwiseCopyable>(_: Value.Type = Value.self) throws -> Value {
        let range = try range(MemoryLayout<Value>.size)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self) }
    }

    package mutating func takeList<Value: BitwiseCopyable>(of: Value.Type = Value.self) throws -> [Value] {
        let count: Int = try take()
        let stride = MemoryLayout<Value>.stride
        guard count >= 0, count <= (bytes.count - next) / stride else { throw Self.torn }
        let range = try range(count * stride)
        return [Value](unsafeUninitializedCapacity: count) { target, filled in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: .init(rebasing: $0[range])) }
            filled = count
        }
    }

    package mutating func takeText() throws -> String { String(decoding: try takeList(of: UInt8.self), as: UTF8.self) }

    package mutating func takeOptional<Value: BitwiseCopyable>(_: Value.Type = Value.self) throws -> Value? {
        try take(Bool.self) ? try take(Value.self) : nil
    }

    private mutating func range(_ count: Int) throws -> Range<Int> {
        guard count <= bytes.count - next else { throw Self.torn }
        defer { next += count }
        return next..<next + count
    }

    private static var torn: DPPAError { DPPAError(.internalFault, "a message of another rank is too short") }
}

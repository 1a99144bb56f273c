import DPPA
import Testing

/// The bytes of a safetensors file with any header, right or wrong: its length, the text, the data.
func safetensors(_ header: [UInt8], data: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + data
}

func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
    safetensors(Array(header.utf8), data: (0..<data).map { UInt8(truncatingIfNeeded: $0) })
}

/// The entry of one tensor as a header has it.
func entry(_ name: String, _ dtype: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
}

extension TensorSource {
    /// All bytes of a tensor.
    func bytes() throws -> [UInt8] {
        let count = shape.reduce(1, *)
        var bytes = [UInt8](repeating: 0, count: count * dtype.byteSize)
        try bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { try load(0..<count, into: start) }
        }
        return bytes
    }
}

/// Expects an error of one class whose headline, notes and cause together hold every one of some words.
func expectError(
    _ code: DPPAError.Code, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("expected an error with \(words)", sourceLocation: sourceLocation)
    } catch let error as DPPAError {
        let text = ([error.message] + error.notes + [error.cause ?? ""]).joined(separator: "\n")
        #expect(error.code == code, "\(text)", sourceLocation: sourceLocation)
        for word in words {
            #expect(text.contains(word), "'\(word)' is not in: \(text)", sourceLocation: sourceLocation)
        }
        #expect(!error.message.hasSuffix("."), sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected a DPPAError, got \(error)", sourceLocation: sourceLocation)
    }
}

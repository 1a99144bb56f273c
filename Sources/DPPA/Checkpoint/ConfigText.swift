import DPPAKernels
import DPPASupport

/// Changing config.json as text, so that key order, number spelling and white space stay.
package enum ConfigText {
    /// The text with every `torch_dtype` and `dtype` set; `torch_dtype` is added at the top when there is neither.
    package static func settingDType(_ text: String, to dtype: DType) throws -> String {
        try JSONScanner.requireObject(text, "config.json is not a JSON object")
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var (index, copied, found, depth) = (0, 0, false, 0)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let end = stringEnd(bytes, index)
                let word = String(decoding: bytes[(index + 1)..<max(index + 1, end - 1)], as: UTF8.self)
                if word == "torch_dtype" || word == "dtype", let value = valueAfterColon(bytes, end) {
                    result += bytes[copied..<value.lowerBound]
                    result += Array("\"\(dtype.configName)\"".utf8)
                    copied = value.upperBound
                    index = value.upperBound - 1
                    found = found || depth == 1
                } else {
                    index = end - 1
                }
            default: break
            }
            index += 1
        }
        result += bytes[copied...]
        if !found, let brace = result.firstIndex(of: UInt8(ascii: "{")) {
            let isEmpty = result[(brace + 1)...].first { !isSpace($0) } == UInt8(ascii: "}")
            let entry = "\n  \"torch_dtype\": \"\(dtype.configName)\"" + (isEmpty ? "\n" : ",")
            result.insert(contentsOf: Array(entry.utf8), at: brace + 1)
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

    /// The index behind the closing quote of the string that starts at `start`.
    static func stringEnd(_ bytes: [UInt8], _ start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index + 1
            }
            index += 1
        }
        return bytes.count
    }

    /// The place of the string that is a key's value; nil if what follows is no key of a string or null.
    private static func valueAfterColon(_ bytes: [UInt8], _ start: Int) -> Range<Int>? {
        var index = start
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count else { return nil }
        if bytes[index] == UInt8(ascii: "\"") { return index..<stringEnd(bytes, index) }
        return bytes[index...].starts(with: Array("null".utf8)) ? index..<index + 4 : nil
    }
}

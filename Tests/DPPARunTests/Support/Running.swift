import DPPA
import DPPAScript
import Foundation

/// A directory that goes away with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "dppa-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, _ name: String) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: NSString(string: file).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}

/// Folders of the checkout that tests read.
enum Folders {
    static let tests = NSString(string: #filePath).deletingLastPathComponent + "/.."
    static let fixtures = tests + "/Fixtures"
    static let project = tests + "/../.."
    static let recipes = project + "/recipes"
}

/// The tensors of a written model.
struct Written {
    let tensors: [String: (shape: [Int], dtype: DType, bytes: [UInt8])]

    init(_ directory: String) throws {
        let checkpoint = try OpenModel(at: directory, label: "written")
        var all: [String: (shape: [Int], dtype: DType, bytes: [UInt8])] = [:]
        for tensor in checkpoint.tensors {
            var bytes = [UInt8](repeating: 0, count: tensor.facts.numel * tensor.source.dtype.byteSize)
            try bytes.withUnsafeMutableBytes { buffer in
                guard let start = buffer.baseAddress else { return }
                try tensor.source.load(0..<tensor.facts.numel, into: start)
            }
            all[tensor.facts.name] = (tensor.facts.shape, tensor.source.dtype, bytes)
        }
        tensors = all
    }

    func floats(_ name: String) -> [Float] {
        guard let tensor = tensors[name] else { return [] }
        let count = tensor.bytes.count / tensor.dtype.byteSize
        var values = [Float](repeating: 0, count: count)
        guard count > 0 else { return [] }
        tensor.bytes.withUnsafeBytes { bytes in
            values.withUnsafeMutableBufferPointer { out in
                guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
                DTypeConversion.decode(from, as: tensor.dtype, into: to, count: count)
            }
        }
        return values
    }
}

/// Runs a recipe file and gives what it has written.
func run(
    _ recipe: String, _ options: [String: String] = [:], dtype: DType? = nil,
    engine: EngineOptions = EngineOptions(threads: 2), in scratch: Scratch,
    change: (inout RecipeRun.Request) -> Void = { _ in }
) throws -> (outcome: RecipeOutcome, model: Written) {
    var request = RecipeRun.Request(out: scratch.path + "/out")
    request.options = options
    request.dtype = dtype
    request.engine = engine
    request.force = true
    let usual = request.out
    change(&request)
    // From nothing: what was there would lend its tensors.
    if request.out == usual { try? FileManager.default.removeItem(atPath: usual) }
    let outcome = try RecipeRun(recipe).run(request)
    return (outcome, try Written(outcome.written[0]))
}

/// SHA-256 (FIPS 180-4), as hexadecimal digits.
func sha256(_ message: [UInt8]) -> String {
    func root(_ n: Double, _ power: Double) -> UInt32 {
        let value = pow(n, power)
        return UInt32((value - value.rounded(.down)) * 4_294_967_296)
    }
    let primes = (2..<312).filter { n in (2..<n).allSatisfy { n % $0 != 0 } }.map(Double.init)
    let k = primes.prefix(64).map { root($0, 1.0 / 3) }
    var h = primes.prefix(8).map { root($0, 0.5) }
    var data = message + [0x80]
    while data.count % 64 != 56 { data.append(0) }
    data += withUnsafeBytes(of: UInt64(message.count * 8).bigEndian, Array.init)
    func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    var w = [UInt32](repeating: 0, count: 64)
    for start in stride(from: 0, to: data.count, by: 64) {
        for i in 0..<16 {
            w[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(data[start + i * 4 + $1]) }
        }
        for i in 16..<64 {
            let a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3)
            let b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10)
            w[i] = w[i - 16] &+ a &+ w[i - 7] &+ b
        }
        var s = h
        for i in 0..<64 {
            let e = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)
            let choice = (s[4] & s[5]) ^ (~s[4] & s[6])
            let first = s[7] &+ e &+ choice &+ k[i] &+ w[i]
            let a = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)
            let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])
            s = [first &+ a &+ majority, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
        }
        for i in 0..<8 { h[i] = h[i] &+ s[i] }
    }
    return h.map { String(format: "%08x", $0) }.joined()
}

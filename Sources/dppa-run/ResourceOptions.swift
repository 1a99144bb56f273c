import ArgumentParser
import DPPA
import Foundation

/// What of the machine a command may use.
struct ResourceOptions: ParsableArguments {
    @Option(help: "How many threads compute.")
    var threads: Int = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Private memory that may be used, such as 512M or 2G.")
    var memory: String = "512M"

    /// The same for the engine.
    func engineOptions() throws -> EngineOptions {
        guard (1...1024).contains(threads) else {
            throw DPPAError(.usage, "--threads \(threads): expected a number from 1 to 1024")
        }
        return EngineOptions(threads: threads, memory: try ByteSize.parse(memory, "--memory"))
    }
}

/// Sizes on the command line.
enum ByteSize {
    /// A size such as 512M; K, M, G, T are powers of 1024, or of 1000 where files are meant.
    static func parse(_ text: String, _ option: String, isDecimal: Bool = false) throws -> Int {
        let units: [Character: Int] = ["K": 1, "M": 2, "G": 3, "T": 4]
        var digits = text.uppercased()
        if digits.hasSuffix("IB") { digits.removeLast(2) } else if digits.hasSuffix("B") { digits.removeLast() }
        var factor = 1.0
        if let last = digits.last, let power = units[last] {
            digits.removeLast()
            for _ in 0..<power { factor *= isDecimal ? 1000 : 1024 }
        }
        guard let number = Double(digits), number > 0, number * factor >= 1, number * factor < 1e18 else {
            throw DPPAError(.usage, "\(option) \(text): expected a size such as 512M or 2G")
        }
        return Int(number * factor)
    }
}

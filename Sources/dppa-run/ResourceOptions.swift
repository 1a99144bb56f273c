import ArgumentParser
import DPPA
import Foundation

/// What of the machine a command may use.
struct ResourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many threads compute.", valueName: "count"))
    var threads: Int = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("Private memory that may be used, such as 512M or 2G.", valueName: "size"))
    var memory: String = "512M"

    /// The same for the engine.
    func engineOptions() throws -> EngineOptions {
        guard (1...1024).contains(threads) else {
            throw DPPAError(.usage, "--threads \(threads): expected a number from 1 to 1024")
        }
        var options = EngineOptions(threads: threads, memory: try ByteSize.parse(memory, "--memory"))
        options.ranks = RunRanks.joined
        return options
    }
}

/// How long a command may work: what a stranger has made need not come to an end.
struct TimeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long it may work, such as 90m, 12h or 7d.", valueName: "time"))
    var limitTime: String = "7d"

    /// The same as a span of time.
    func limit() throws -> Duration { try TimeSpan.parse(limitTime, "--limit-time") }
}

/// Sizes on the command line.
enum ByteSize {
    /// A size such as 512M; K, M, G, T are powers of 1024, or of 1000 where files are meant.
    ///
    /// A number without a unit is bytes if it can be meant so: a mebibyte or more.
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
        guard factor > 1 || number >= 0x1p20 else {
            throw DPPAError(
                .usage, "\(option) \(text): the unit is missing",
                notes: ["did you mean \(digits)G or \(digits)M? K, M, G and T are understood"])
        }
        return Int(number * factor)
    }
}

/// Spans of time on the command line.
enum TimeSpan {
    private static let units: [(letter: Character, seconds: Double)] = [
        ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    /// A span such as 90m; without a letter, seconds.
    static func parse(_ text: String, _ option: String) throws -> Duration {
        let unit = units.first { $0.letter == text.last }
        guard let number = Double(unit == nil ? text[...] : text.dropLast()), number > 0,
            number * (unit?.seconds ?? 1) < 1e9
        else { throw DPPAError(.usage, "\(option) \(text): expected a time such as 90m, 12h or 7d") }
        return .seconds(number * (unit?.seconds ?? 1))
    }

    /// The same in its largest unit.
    static func words(_ span: Duration) -> String {
        let seconds = span / .seconds(1)
        let unit = units.first { seconds >= $0.seconds } ?? ("s", 1)
        return String(format: "%g %@", seconds / unit.seconds, String(unit.letter))
    }
}

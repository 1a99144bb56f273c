import Foundation

/// Numbers of bytes as messages tell them.
package enum ByteCount {
    /// A number of bytes of a file: decimal units, rounded up, so that only nothing is 0.
    package static func words(_ bytes: Int) -> String {
        switch bytes {
        case ..<1_000_000: "\((bytes + 999) / 1000) kB"
        case ..<1_000_000_000: "\((bytes + 999_999) / 1_000_000) MB"
        default: String(format: "%.1f GB", Double(bytes) / 1e9)
        }
    }

    /// A number of bytes of memory: binary units, rounded up.
    package static func memory(_ bytes: Int) -> String {
        if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KiB" }
        let mebibytes = Double(bytes) / Double(1 << 20)
        if mebibytes < 1024 { return "\(Int(mebibytes.rounded(.up))) MiB" }
        let tenths = Int((mebibytes / 1024 * 10).rounded(.up))
        return "\(tenths / 10).\(tenths % 10) GiB"
    }

    /// How many bytes there were in a second, to three digits at the most.
    package static func rate(_ bytes: Int, seconds: Double) -> String {
        let rate = Double(bytes) / max(seconds, 1e-9)
        let unit = [(1e9, "GB/s"), (1e6, "MB/s")].first { rate >= $0.0 } ?? (1e3, "kB/s")
        let number = rate / unit.0
        return String(format: number < 10 ? "%.2f %@" : number < 100 ? "%.1f %@" : "%.0f %@", number, unit.1)
    }
}

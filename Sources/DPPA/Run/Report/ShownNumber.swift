import Foundation

/// How numbers are written on a page.
enum ShownNumber {
    /// At most four significant digits; whole numbers below a million in full.
    static func plain(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "not a number" : value > 0 ? "∞" : "−∞" }
        let text =
            value == value.rounded() && value.magnitude < 1e6
            ? String(Int(value)) : String(format: "%.4g", value)
        return text.replacing("-", with: "−")
    }

    /// A share as a percentage, three significant digits; 100 % is all, 0 % is nothing.
    static func percent(_ share: Double) -> String {
        guard share.isFinite else { return plain(share) }
        let percents = share * 100
        if share < 1, percents >= 99.995 { return "> 99.99 %" }
        return (share >= 0.995 && share < 1 ? String(format: "%.2f", percents) : plain(significant(percents))) + " %"
    }

    /// A count with its thousands apart.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "−" : "") + ([digits] + groups).joined(separator: "\u{202F}")
    }

    /// Seconds in the unit that suits them.
    static func duration(_ seconds: Double) -> String {
        if seconds < 0.0995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 99.5 { return String(format: "%.1f s", seconds) }
        let minutes = Int((seconds / 60).rounded())
        return minutes < 100 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    /// A place in a picture.
    static func coordinate(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func significant(_ value: Double) -> Double { Double(String(format: "%.3g", value)) ?? value }
}

/// What a number on a page stands for.
enum ShownUnit {
    case plain
    case share

    /// The number in words.
    func text(_ value: Double) -> String {
        switch self {
        case .plain: ShownNumber.plain(value)
        case .share: ShownNumber.percent(value)
        }
    }
}

/// The range of the numbers of a figure, and where a number lies in it.
struct FigureScale {
    /// The smallest and the largest number.
    let low: Double
    let high: Double
    let unit: ShownUnit

    /// The range of all finite numbers among the given ones; `including` is always inside.
    init(_ values: some Sequence<Double>, unit: ShownUnit, including: Double? = nil) {
        var (low, high) = (including ?? .infinity, including ?? -.infinity)
        for value in values where value.isFinite { (low, high) = (min(low, value), max(high, value)) }
        self.low = low <= high ? low : 0
        self.high = low <= high ? high : 0
        self.unit = unit
    }

    init(_ low: Double, _ high: Double, _ unit: ShownUnit) { (self.low, self.high, self.unit) = (low, high, unit) }

    /// From 0 at the lower end to 1 at the upper one; the middle where both are one.
    func position(_ value: Double) -> Double { high > low ? min(1, max(0, (value - low) / (high - low))) : 0.5 }

    /// The same with round ends, and the round numbers that cover it: about four steps of 1, 2 or 5 times a power of ten.
    var rounded: (scale: FigureScale, ticks: [Double]) {
        guard high > low, (high - low).isFinite else {
            let room = max(low.magnitude, 1) / 10
            return (FigureScale(low - (low == 0 ? 0 : room), low + room, unit), [low])
        }
        let rough = (high - low) / 4
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        let (first, last) = (floor(low / step + 1e-9), ceil(high / step - 1e-9))
        let ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
        return (FigureScale(ticks.first ?? low, ticks.last ?? high, unit), ticks)
    }
}

import DPPAKernels

/// One histogram for each thread over one half of the order keys.
final class HistogramBank: @unchecked Sendable {
    private let key: KeyKind
    /// The upper half of the keys that count, when the lower half is what is counted.
    private let high: UInt16?
    private let histograms: UnsafeMutableBufferPointer<Histogram16>

    init(key: KeyKind, high: UInt16?, width: Int) {
        self.key = key
        self.high = high
        histograms = .allocate(capacity: width)
        for worker in 0..<width { (histograms.baseAddress.map { $0 + worker })?.initialize(to: Histogram16()) }
    }

    deinit {
        histograms.deinitialize()
        histograms.deallocate()
    }

    /// Counts values; threads differ in `worker`.
    func add(_ worker: Int, _ x: UnsafePointer<Float>, _ count: Int) {
        if let high {
            histograms[worker].addLow(x, count: count, key: key, high: high)
        } else {
            histograms[worker].addHigh(x, count: count, key: key)
        }
    }

    /// All counts together.
    func merged() -> [Int] {
        var all = [Int](repeating: 0, count: 1 << 16)
        for histogram in histograms {
            for bin in all.indices { all[bin] += Int(histogram.counts[bin]) }
        }
        return all
    }
}

/// The arithmetic of shares, counts and indices, in one place.
package enum Order {
    /// How many of n values a share stands for: ⌊share · n⌋, at least 1 if the share is positive, or the count itself.
    package static func wanted(_ share: Double, _ isCount: Bool, of count: Int) -> Int {
        guard share > 0, count > 0 else { return 0 }
        let wanted = isCount ? share : share * Double(count)
        return wanted >= Double(count) ? count : max(isCount ? 0 : 1, whole(wanted, of: count))
    }

    /// An ascending index cut to what there is; NaN counts as 0.
    package static func index(_ index: Double, of count: Int) -> Int {
        guard index > 0, count > 0 else { return 0 }
        return index >= Double(count - 1) ? count - 1 : whole(index, of: count)
    }

    /// ⌊x⌋, where a number that differs from a whole one by no more than 1e-9, or by a few roundings of a share of
    /// `count`, is that one: 1 − 0.9 of 50 values is 5 of them, although 50 · 0.09999999999999998 < 5.
    private static func whole(_ x: Double, of count: Int) -> Int {
        let nearest = x.rounded()
        let slack = max(1e-9, Double(count) * 0x1p-48)
        return Int((x - nearest).magnitude <= slack ? nearest : x.rounded(.down))
    }
}

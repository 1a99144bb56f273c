enum Floor: UnaryOnLanes {
    static let facts = PrimitiveFacts("floor", "Each element rounded towards minus infinity.")
    @inline(__always)
    static func lanes(_ x: Lanes) -> Lanes { x.rounded(.down) }
    static func scalar(_ x: Double) -> Double { x.rounded(.down) }
}

extension UnaryOp {
    /// The largest integer not above x.
    public static let floor = UnaryOp(Floor.self)
}

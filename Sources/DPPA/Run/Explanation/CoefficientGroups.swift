/// Tensors that the same coefficients explain up to rounding.
struct CoefficientGroups {
    /// The coefficients of each group, the one of most tensors first.
    private(set) var distinct: [[Double]] = []
    /// Of each tensor the group, or nil.
    private(set) var groups: [Int?]
    /// Of each tensor the coefficients: its group's, or its own.
    private(set) var coefficients: [[Double]]

    /// How far beyond the error of rounding a residual may be, as a factor of its norm: the error is an estimate, and programs
    /// round in between.
    private static let slack = 2.0
    /// By how much the residual may grow where coefficients are cut to two decimals.
    private static let tolerance = 0.02
    /// More groups than this say no more than the tensors' own coefficients.
    private static let most = 256

    /// Groups of tensors, each with the square of the error that rounding its elements leaves.
    init(_ tensors: [(regression: DeltaRegression, rounding: Double)]) {
        let limits = tensors.map { $0.rounding * Self.slack * Self.slack }
        coefficients = tensors.map(\.regression.coefficients)
        groups = Array(repeating: nil, count: tensors.count)
        // What no sum explains stays alone; what has not changed is a group of its own, whatever else would fit.
        var open = tensors.indices.filter { tensors[$0].regression.residual(coefficients[$0]) <= limits[$0] }
        let zero = [Double](repeating: 0, count: tensors.first?.regression.products.count ?? 0)
        var found: [(coefficients: [Double], members: [Int])] = []
        let unchanged = open.filter { tensors[$0].regression.square == 0 }
        if !unchanged.isEmpty { found.append((zero, unchanged)) }
        open.removeAll { tensors[$0].regression.square == 0 }
        while !open.isEmpty, found.count < Self.most {
            // The tensor that tells most of its coefficients: its change is largest beside the error.
            let seed = open.max {
                tensors[$0].regression.square / limits[$0] < tensors[$1].regression.square / limits[$1]
            }
            guard let seed else { break }
            var (members, shared) = ([seed], coefficients[seed])
            for _ in 0..<3 {
                members = open.filter { tensors[$0].regression.residual(shared) <= limits[$0] }
                if members.isEmpty { members = [seed] }
                var together = tensors[members[0]].regression
                for member in members.dropFirst() { together.add(tensors[member].regression) }
                shared = together.coefficients
            }
            let round = shared.map { ($0 * 100).rounded() / 100 }
            func left(_ coefficients: [Double]) -> Double {
                members.reduce(0) { $0 + tensors[$1].regression.residual(coefficients) }
            }
            // Two decimals, as people write them, where they say as much: where they add nothing to what rounding leaves.
            if left(round) <= left(shared) * (1 + Self.tolerance) { shared = round }
            members = open.filter { tensors[$0].regression.residual(shared) <= limits[$0] }
            if members.isEmpty { (members, shared) = ([seed], coefficients[seed]) }
            found.append((shared, members))
            open.removeAll(where: members.contains)
        }
        found.sort { $0.members.count > $1.members.count }
        for (number, group) in found.enumerated() {
            distinct.append(group.coefficients)
            for member in group.members { (groups[member], coefficients[member]) = (number, group.coefficients) }
        }
    }
}

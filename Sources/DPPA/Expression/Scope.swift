/// How far a node's values reach: one value for each element, row, column, tensor, layer or group, or one for all.
///
/// Scopes form a lattice: element < row, column < tensor < layer < model, and tensor < group < model. A row is one index
/// of all dimensions but the last, a column one index of the last; a vector is one row. A layer is the pair (stack, index)
/// of the tensor's name; a group is what a recipe's own function says.
public enum Scope: Hashable, Sendable {
    case element
    case row
    case column
    case tensor
    case layer
    case group(GroupingID)
    case model

    /// The scope of `a ∘ b`: the coarsest scope that is as fine as both.
    package static func join(_ a: Scope, _ b: Scope) -> Scope {
        if a == b || b == .model { return a }
        if a == .model { return b }
        if a == .element || b == .element { return .element }
        switch (a.isVector, b.isVector) {
        case (true, true): return .element
        case (true, false): return a
        case (false, true): return b
        case (false, false): return .tensor
        }
    }

    /// Whether this scope is strictly coarser than `other`, so that a reduction can go from there to here.
    package func isCoarser(than other: Scope) -> Bool {
        self != other && Scope.join(self, other) == other
    }

    /// Row or column: a vector of values for each tensor.
    package var isVector: Bool { self == .row || self == .column }
    /// Element: as many values as the tensor has.
    package var isElement: Bool { self == .element }
    /// One number for each tensor, layer, group or model.
    package var isScalar: Bool { !isElement && !isVector }

    /// The name in recipes and messages.
    public var name: String {
        switch self {
        case .element: "element"
        case .row: "row"
        case .column: "column"
        case .tensor: "tensor"
        case .layer: "layer"
        case .group: "group"
        case .model: "model"
        }
    }

    /// The scopes that a recipe can name, from fine to coarse.
    public static let named: [Scope] = [.element, .row, .column, .tensor, .layer, .model]
}

/// The identity of a recipe's own grouping of tensors within a graph.
public struct GroupingID: Hashable, Sendable {
    package let index: Int
}

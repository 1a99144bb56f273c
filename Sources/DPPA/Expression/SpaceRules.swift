import DPPACheckpoint
import DPPAKernels

/// What each rule says: of the space of a result, for the typing of a graph, and of a delta that a tensor does not have, for
/// programs.
extension SpaceRule {
    /// The space of `op(x)`.
    package func space(_ x: Space) -> Space { self == .multiple && x == .delta ? .delta : .value }

    /// The space of `a op b`; nil where it has no meaning, for model + model.
    package func space(_ a: Space, _ b: Space) -> Space? {
        switch (self, a, b) {
        case (.sum, .model, .model): nil
        case (.difference, .model, .model): .delta
        case (.sum, .model, .delta), (.sum, .delta, .model), (.difference, .model, .delta): .model
        case (.sum, .delta, .delta), (.difference, .delta, .delta): .delta
        case (.product, .delta, .value), (.product, .value, .delta), (.quotient, .delta, .value): .delta
        default: .value
        }
    }

    /// What is left of an operation whose operands are in part deltas that a tensor does not have.
    package enum Remainder {
        /// All: what is missing counts as zeros.
        case operation
        case first
        case second
        case negativeOfSecond
        /// The result is a delta that is missing as well.
        case nothing
    }

    /// What is left of an operation whose result is in a space; of one operand the second is never missing.
    package func remainder(in space: Space, isFirstMissing: Bool, isSecondMissing: Bool = false) -> Remainder {
        guard space != .value, isFirstMissing || isSecondMissing else { return .operation }
        return switch self {
        case .value: .operation
        case .sum: isSecondMissing ? .first : .second
        case .difference: isSecondMissing ? .first : .negativeOfSecond
        case .product, .quotient, .multiple: .nothing
        }
    }
}

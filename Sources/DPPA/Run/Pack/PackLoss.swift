import DPPACheckpoint
import DPPAExpression
import DPPASupport

/// What may be lost of some tensors when a model is packed; without one nothing is.
package struct PackLoss: Sendable {
    /// What is kept of a difference to the base.
    package enum Coding: Sendable, Equatable {
        /// The signs, and the mean size (BitDelta, arXiv 2402.10193).
        case sign
        /// The leading singular triplets, so many.
        case lowrank(Int)
    }

    /// The names of the tensors, with * and ?.
    package var glob: String
    package var coding: Coding

    package init(glob: String, coding: Coding) { (self.glob, self.coding) = (glob, coding) }

    /// What is asked of each tensor, by name.
    ///
    /// Throws `data` when a glob matches none, or two that match one tensor do not agree.
    static func codings(_ losses: [PackLoss], _ model: OpenModel) throws -> [String: Coding] {
        var codings: [String: Coding] = [:]
        let names = model.tensors.map(\.facts.name)
        for loss in losses {
            let matching = names.filter { Glob.matches(loss.glob, $0) }
            guard !matching.isEmpty else {
                throw DPPAError(
                    .data, "'\(loss.glob.shown)' matches no tensor of \(model.title)",
                    notes: [
                        "its tensors are called \(Phrase.list(names.map(\.shown), limit: 3)), …; * is any run of characters"
                    ])
            }
            for name in matching {
                if let other = codings.updateValue(loss.coding, forKey: name), other != loss.coding {
                    throw DPPAError(
                        .data, "two lossy codings are asked of \(name.shown)", notes: ["make the globs disjoint"])
                }
            }
        }
        return codings
    }
}

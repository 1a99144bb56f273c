import DPPASupport

/// How far a model may be fitted to another one, and what is not to happen.
public struct AlignmentOptions: Sendable, Hashable {
    /// What is done to a model so that it fits; each does nothing where nothing is to be done.
    public enum Step: String, CaseIterable, Sendable {
        /// Names that differ by what wrappers put before them are matched.
        case names
        /// A tied head is the embedding, and a copy of it is left out.
        case heads
        /// Vocabularies of different sizes get equally many rows.
        case rows
        /// What the model lacks is the reference's.
        case missing
        /// What the reference lacks is left out.
        case extra
        /// Experts that are fused into one tensor, or are not, become what the reference's are.
        case mixtures
    }

    /// How many rows the vocabulary of a family has: the base's, the experts', or the fewest of all.
    public enum Rows: String, CaseIterable, Sendable {
        case base, expert, cut
    }

    /// Which missing tensors may be the reference's: those of whole parts that the model does not have, or any.
    public enum Missing: String, CaseIterable, Sendable {
        case parts, base
    }

    /// What becomes of tensors that the reference lacks: those of whole parts are left out, any are, or all are kept.
    public enum Extra: String, CaseIterable, Sendable {
        case parts, drop, keep
    }

    /// What stacks of experts in one tensor are: one linear, or a linear for each expert.
    public enum Stacks: String, CaseIterable, Sendable {
        case whole, apart
    }

    /// Names of the model by glob, and what stands for the stars in the reference's names: `model.*` to `language_model.model.*`.
    public var names: [String: String] = [:]
    /// The rows of a family.
    public var rows = Rows.base
    /// The tokens of a family; nil where a row of one model is the row of the same number in the others, whatever tokens they
    /// stand for.
    public var vocabulary: VocabularyOptions?
    /// What may be missing.
    public var missing = Missing.parts
    /// What may be left over.
    public var extra = Extra.parts
    /// What stacks are in a family.
    public var stacks = Stacks.apart
    /// Steps that are errors where they would do something.
    public var refused: Set<Step> = []

    /// Everything that does not change what a model means.
    public init() {}

    /// What is told of a step that is done to a model so that it fits another side.
    ///
    /// Throws `data` where the step is refused.
    func note(
        _ step: Step, of model: OpenModel, fitting other: String, _ text: String, isWarning: Bool
    ) throws -> AlignmentNote {
        guard !refused.contains(step) else {
            throw DPPAError(
                .data, "\(model.title) does not fit \(other): \(text)",
                notes: ["fitting \(step.rawValue) is refused; without refuse = \"\(step.rawValue)\" it is done"])
        }
        return AlignmentNote(step: step, text: "\(model.label): \(text)", isWarning: isWarning)
    }
}

/// What was done to a model so that it fits, in words.
public struct AlignmentNote: Sendable, Equatable {
    /// The step.
    public var step: AlignmentOptions.Step
    /// What was done, with the label in front.
    public var text: String
    /// Whether a person should ask whether that is what was meant.
    public var isWarning: Bool

    /// The line that is shown.
    public var line: String { (isWarning ? "warning: " : "note: ") + text }
}

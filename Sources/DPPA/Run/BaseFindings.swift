import DPPACheckpoint
import DPPASupport

/// Whether a base is what its experts were made from, as far as their distances and cards tell.
///
/// Fine-tuning moves a model by a few hundredths of its norm; models that were trained apart are about √2 of it apart. Experts
/// of one base go different ways, so two that are much nearer to each other than to the base have another one in common.
struct BaseFindings {
    /// Beyond this ‖d‖ / ‖b‖ a model is hardly one that was tuned from the base.
    private static let farthest = 0.5
    /// Experts nearer to each other than this share of their way from the base have a nearer ancestor.
    private static let nearest = 0.5

    let sentences: [String]

    init(
        base: OpenModel, experts: [OpenModel], pairs: [(first: Int, second: Int)],
        _ whole: (experts: [DeltaFigures], pairs: [DeltaPairFigures])
    ) {
        var sentences: [String] = []
        for (expert, delta) in zip(experts, whole.experts) {
            if delta.squares == 0 {
                sentences.append("\(expert.label) has the weights of \(base.label): there is nothing to merge")
            } else if delta.relativeNorm > Self.farthest {
                sentences.append(
                    "\(expert.label) is far from \(base.label): ‖d‖ / ‖b‖ is \(ShownNumber.plain(delta.relativeNorm)), of a "
                        + "fine-tune a few hundredths; was it made from \(base.label)?")
            }
        }
        for (pair, figures) in zip(pairs, whole.pairs) {
            let (first, second) = (experts[pair.first].label, experts[pair.second].label)
            let ways = (figures.squares.first.squareRoot(), figures.squares.second.squareRoot())
            let shorter = min(ways.0, ways.1)
            guard shorter > 0, figures.distance < Self.nearest * shorter else { continue }
            if figures.distance == 0 {
                sentences.append("\(first) and \(second) have the same weights")
                continue
            }
            sentences.append(
                "\(first) and \(second) are nearer to each other (\(ShownNumber.plain(figures.distance))) than to \(base.label) "
                    + "(\(ShownNumber.plain(ways.0)), \(ShownNumber.plain(ways.1))): one was made from the other, or both "
                    + "from a model that is not \(base.label); their deltas say nearly the same")
        }
        let own = base.origin
        for expert in experts {
            let ancestors = expert.origin.ancestors
            guard let repository = own.repository, !ancestors.isEmpty, !ancestors.contains(repository),
                expert.origin.repository != repository
            else { continue }
            sentences.append(
                "\(expert.label) says that it was made from \(Phrase.list(ancestors.map(\.shown))); the base here is "
                    + repository.shown)
        }
        self.sentences = sentences
    }
}

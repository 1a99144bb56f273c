import DPPACheckpoint
import DPPAExecution
import DPPASupport

/// A draft that a run begins with: a new one, or what an earlier run has left.
struct LeftDraft {
    private let draft: Draft
    /// What its journal tells; nothing of a new one.
    private let entries: [DraftJournal.Entry]
    private let observer: (any EngineObserver)?

    /// Reads the journal; the observer is told when it cannot be used, so that the run starts over.
    init(_ draft: Draft, observer: (any EngineObserver)?) {
        (self.draft, self.observer) = (draft, observer)
        guard draft.isContinued else {
            entries = []
            return
        }
        do { entries = try DraftJournal.entries(of: draft) } catch {
            entries = []
            observer?.note(
                "starting over: what a run before has left cannot be used: \((error as? DPPAError)?.message ?? "\(error)")"
            )
        }
    }

    /// Whether files that lie in it may be kept.
    var isUsable: Bool { !entries.isEmpty }

    /// Removes what the run writes anew: everything but the files of weights that it goes on with.
    func clear(keeping files: [String]) { draft.clear(keeping: isUsable ? Set(files) : []) }

    /// Takes what the draft and a former output have of the results, and leaves it out of the outputs.
    func resume(
        _ engine: Engine, _ planned: [any PlannedResult], _ outputs: inout [[Engine.Output]], former: String?
    ) throws -> Resumption {
        var results: [ResumableResult] = []
        var (places, number): ([Int], Int) = ([], 0)
        for (place, planned) in planned.enumerated() {
            if let written = planned.resumable, let output = outputs[place].first {
                results.append(
                    ResumableResult(name: planned.result.name, output: number, of: output, engine.graph, written))
                places.append(place)
            }
            number += outputs[place].count
        }
        let resumption = Resumption(engine, results, draft)
        var (continued, left, taken) = (0, 0, 0)
        for (index, place) in places.enumerated() {
            let name = results[index].name
            if isUsable {
                let tensors = FormerTensors(draft: entries, of: name)
                left += tensors.tensors.count
                continued += try resumption.take(tensors, of: index, &outputs[place][0])
            }
            if let former, let tensors = FormerTensors(at: former + (name.map { "/" + $0 } ?? "")) {
                taken += try resumption.take(tensors, of: index, &outputs[place][0])
            }
        }
        for (index, number, tensor) in try resumption.shareTaken() {
            resumption.leaveOut(number, of: index, tensor, &outputs[places[index]][0])
        }
        let total = Phrase.counted(results.reduce(0) { $0 + $1.parts.count }, "tensor")
        if isUsable {
            observer?.note(
                "going on from a run that was stopped: \(continued) of \(total) are there"
                    + (continued < left
                        ? "; \(left - continued) are computed again, as the recipe or what it reads has changed" : ""))
        }
        if taken > 0 {
            observer?.note("\(taken) of \(total) are taken from the model that is replaced: they would be the same")
        }
        return resumption
    }
}

import DPPACheckpoint
import DPPASupport

/// An operation in which selections meet, for messages: its name and its operands.
struct Meeting {
    var what: String
    var sides: [NodeID]
}

/// Errors of models that do not fit, which name the models and their files.
extension Graph {
    /// Throws when a name of both selections has two shapes.
    func requireEqualShapes(_ a: NodeID, _ b: NodeID, _ meeting: Meeting) throws {
        guard let first = self[a].domain, let second = self[b].domain, first != second else { return }
        // A number per layer or group is that of all shapes.
        guard !self[a].scope.isKeyed, !self[b].scope.isKeyed else { return }
        let shapes = Dictionary(
            domain(second).tensors.map { (facts($0).name, facts($0).shape) }, uniquingKeysWith: { first, _ in first })
        for tensor in domain(first).tensors {
            let here = facts(tensor)
            guard let there = shapes[here.name], there != here.shape else { continue }
            let isTransposed = here.shape.count > 1 && here.shape == there.reversed()
            let isGrown = here.shape.count > 1 && here.shape.dropFirst() == there.dropFirst()
            throw DPPAError(
                .data,
                "\(shown(meeting)): \(here.name) has the shape \(here.shape) in \(holder(of: here.name, here.shape, a)) and "
                    + "\(there) in \(holder(of: here.name, there, b))"
                    + (isTransposed ? ": one of them is transposed" : ""),
                notes: isTransposed
                    ? [
                        "one of the models keeps its matrices the other way round, as GPT-2's Conv1D does: convert it to the "
                            + "layout of the other before merging"
                    ]
                    : (isGrown
                        ? [
                            "if one vocabulary has grown, fit it: dppa.model(path, { like = base }), or open both with dppa.family"
                        ] : [])
                        + ["leave such tensors out with :select or :linears, or merge models of one architecture"],
                location: location)
        }
    }

    /// The error for tensors that the other sides have and this one has not.
    func lack(of id: NodeID, _ lacking: [TensorID], _ meeting: Meeting) -> DPPAError {
        let names = lacking.map { facts($0).name }
        let own = models(of: id).map { models[$0] }
        let other = meeting.sides.first { $0 != id && (domain(of: $0)?.contains(lacking[0]) ?? false) }
        let others = Phrase.list(other.map { models(of: $0) }?.map { models[$0].title } ?? [], limit: 2)
        let count = names.count == 1 ? names[0] : "\(names.count) tensors"
        // What its models have was left out by a selection; otherwise the models themselves differ.
        let isSelection = names.allSatisfy { name in own.contains { $0.source(name) != nil } }
        let which = names.count == 1 ? "" : ": \(Phrase.list(names))"
        guard !isSelection, !self[id].scope.isKeyed else {
            return mistake(
                "\(shown(meeting)): \(formula(id, depth: 2)) has no value for \(count)" + which,
                "put both on one selection with :linears() or :select \"…\"",
                "or change a part and keep the rest with delta:apply(rule)")
        }
        let present = own.flatMap { $0.weights.map(\.name) }
        let isApart = Set(present).isDisjoint(
            with: other.flatMap { domain(of: $0) }?.tensors.map { facts($0).name } ?? [])
        return mistake(
            "\(shown(meeting)): \(Phrase.list(own.map(\.title), limit: 2)) \(names.count == 1 ? "has no" : "lacks") \(count)"
                + (others.isEmpty ? "" : names.count == 1 ? ", which \(others) has" : " that \(others) has") + which,
            isApart
                ? "they have no name in common: one has \(Phrase.list(present, limit: 1)); if they are one architecture "
                    + "under two names, fit one to the other with dppa.model(path, { like = other })"
                : "fit it to the other with dppa.model(path, { like = other }) or dppa.family, which say what they do",
            "or leave such tensors out on the other side with :select")
    }

    /// The models of a node that have a tensor of a shape, with their files.
    private func holder(of name: String, _ shape: [Int], _ id: NodeID) -> String {
        let all = models(of: id).map { models[$0] }
        let found = all.filter { $0.source(name)?.shape == shape }
        return Phrase.list((found.isEmpty ? all : found).map(\.title), limit: 2)
    }

    private func shown(_ meeting: Meeting) -> String {
        let sides = meeting.sides.map { formula($0, depth: 2) }
        guard sides.count == 2, !meeting.what.contains(where: { $0.isLetter }) else {
            return "\(meeting.what)(\(sides.joined(separator: ", ")))"
        }
        return sides.map { $0.contains(" ") && !$0.hasSuffix(")") ? "(\($0))" : $0 }.joined(
            separator: " \(meeting.what) ")
    }
}

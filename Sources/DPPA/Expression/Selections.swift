import DPPACheckpoint
import DPPASupport

/// Parts of a field: some of its tensors, and rules for some of them.
extension Graph {
    /// The field on those of its tensors for which the test holds.
    ///
    /// Throws when there is none.
    package func restrict(_ x: NodeID, _ what: String, _ isMember: (TensorFacts) -> Bool) throws -> NodeID {
        guard let domain = domain(of: x) else { throw mistake("\(what): a plain number has no tensors") }
        let members = domain.tensors.filter { isMember(facts($0)) }
        guard !members.isEmpty else {
            let names = domain.tensors.prefix(3).map { facts($0).name }
            throw mistake(
                "\(what): no tensor matches",
                "the selection has \(Phrase.counted(domain.tensors.count, "tensor")): \(Phrase.list(names, limit: 3)), …"
            )
        }
        let id = intern(members)
        let node = self[x]
        if id == node.domain { return x }
        return try make(
            .restrict(x), node.scope, node.space, isMask: node.isMask, domain: id, label: node.label)
    }

    /// The weight matrices of the linear modules inside blocks.
    public func linears(_ x: NodeID) throws -> NodeID {
        try restrict(x, ":linears") { $0.isLinear }
    }

    /// The tensors whose names match one of the globs: `*` is any run of characters, `?` any one.
    public func select(_ x: NodeID, globs: [String]) throws -> NodeID {
        let all = domain(of: x)?.tensors.map { facts($0).name } ?? []
        for glob in globs where !all.contains(where: { Glob.matches(glob, $0) }) {
            throw DPPAError(
                .data, ":select: '\(glob)' matches no tensor",
                notes: (glob.contains { "[]{}|".contains($0) } ? [Glob.help] : [])
                    + ["the selection has \(Phrase.counted(all.count, "tensor")): \(Phrase.list(all, limit: 3))"],
                location: location)
        }
        return try restrict(x, ":select") { facts in globs.contains { Glob.matches($0, facts.name) } }
    }

    /// The tensors of `x` that none of the parts has; nil if there is no such tensor.
    package func rest(of x: NodeID, without parts: [NodeID]) throws -> NodeID? {
        guard let domain = domain(of: x) else { throw mistake("apply: a plain number has no tensors") }
        let taken = parts.reduce(into: Set<TensorID>()) { $0.formUnion(self.domain(of: $1)?.members ?? []) }
        let left = domain.tensors.filter { !taken.contains($0) }
        guard !left.isEmpty else { return nil }
        let names = Set(left.map { facts($0).name })
        return try restrict(x, "apply") { names.contains($0.name) }
    }

    /// One field out of fields on disjoint selections.
    ///
    /// Throws when two overlap or differ in space.
    public func branch(_ parts: [NodeID]) throws -> NodeID {
        guard let first = parts.first else { throw mistake("apply: there is no rule") }
        if parts.count == 1 { return first }
        var members: [TensorID: NodeID] = [:]
        for part in parts {
            guard let domain = domain(of: part) else {
                throw mistake("apply: a rule gave a \(describe(part)); it must give a field over its selection")
            }
            guard self[part].space == self[first].space else {
                throw mistake("apply: one rule gives a \(describe(first)), another a \(describe(part))")
            }
            for tensor in domain.tensors {
                if members.updateValue(part, forKey: tensor) != nil {
                    throw mistake(
                        "apply: two rules apply to \(facts(tensor).name)",
                        "make the globs disjoint: overlaps have no order")
                }
            }
        }
        let scope = parts.reduce(Scope.model) { Scope.join($0, self[$1].scope) }
        let labels = Set(parts.map { self[$0].label })
        return try make(
            .branch(parts), scope, self[first].space, isMask: parts.allSatisfy { self[$0].isMask },
            domain: intern(Array(members.keys)), label: labels.count == 1 ? self[first].label : nil)
    }
}

/// Patterns of tensor names: `*` is any run of characters, dots included, `?` any one character.
package enum Glob {
    /// For whoever writes the patterns of a shell.
    static let help =
        "a glob has * for any run of characters and ? for any one, and no [0-9] or {a,b}; give several as a list: { \"…\", \"…\" }"

    /// Whether the whole text matches; time is at most pattern × text.
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let (p, t) = (Array(pattern.utf8), Array(text.utf8))
        var (i, j) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while j < t.count {
            if i < p.count, p[i] == UInt8(ascii: "*") {
                star = (i, j)
                i += 1
            } else if i < p.count, p[i] == UInt8(ascii: "?") || p[i] == t[j] {
                i += 1
                j += 1
            } else if let last = star {
                i = last.pattern + 1
                j = last.text + 1
                star = (last.pattern, j)
            } else {
                return false
            }
        }
        return p[i...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

import DPPAKernels

/// Printing expressions back as the maths that a recipe wrote.
extension Graph {
    /// The formula of a node, in the recipe language's own words; deeper than `depth` operations it says `…`.
    public func formula(_ id: NodeID, depth: Int = 6) -> String {
        var room = 2000
        return text(id, depth, [:], &room).text
    }

    /// The whole of some formulas, each on a line: what occurs twice or more has a line and a name of its own, `v1`, `v2`, …,
    /// before those that use it.
    package func formulas(_ roots: [(name: String, node: NodeID)]) -> [(name: String, formula: String)] {
        var uses: [NodeID: Int] = [:]
        let all = reachable(from: roots.map(\.node)).sorted()
        for id in all {
            // A cut and its share are one text with the mask that they make.
            for operand in Set(self[id].operation.operands) { uses[operand, default: 0] += 1 }
        }
        // The inside of a clamp is printed as a part of it.
        let inner = Set(clamped.keys.flatMap { self[$0].operation.operands })
        var names: [NodeID: String] = [:]
        var lines: [(name: String, formula: String)] = []
        for id in all {
            let given = roots.first { $0.node == id }?.name
            guard given != nil || (uses[id, default: 0] > 1 && isWorthAName(id) && !inner.contains(id)) else {
                continue
            }
            let name = given ?? "v\(lines.count { $0.name.hasPrefix("v") } + 1)"
            var room = 2000
            lines.append((name, text(id, 200, names, &room).text))
            names[id] = given.map { $0.contains(" ") ? "“\($0)”" : $0 } ?? name
        }
        return lines
    }

    private func isWorthAName(_ id: NodeID) -> Bool {
        switch self[id].operation {
        case .source, .constant, .table, .size, .cut, .broadcast, .reinterpret, .carried: false
        default: true
        }
    }

    /// How tightly the outermost operator of a text binds; operands that bind less get parentheses.
    private struct Piece {
        var text: String
        var binding: Int

        func inside(_ outer: Int) -> String { binding < outer ? "(\(text))" : text }
    }

    /// The text of a node; each takes of the room, because shared operands are printed once for each use.
    private func text(_ id: NodeID, _ depth: Int, _ names: [NodeID: String], _ room: inout Int) -> Piece {
        let atom = { (text: String) in Piece(text: text, binding: 10) }
        if let name = names[id] { return atom(name) }
        let node = self[id]
        room -= 1
        guard room > 0, depth > 0 || node.operation.operands.isEmpty else { return atom("…") }
        func at(_ x: NodeID) -> Piece { text(x, depth - 1, names, &room) }
        switch node.operation {
        case .source(let model): return atom(models[model].label)
        case .constant(let bits): return atom(Graph.number(Double(bitPattern: bits)))
        case .table: return atom("per_tensor(…)")
        case .size(let scope):
            return atom(scope.isElement ? "numel('\(node.scope.name)')" : "size('\(scope.name)', '\(node.scope.name)')")
        case .unary(let op, let x):
            let symbol = op.facts.symbol
            if case .prefix = op.facts.spelling { return Piece(text: symbol + at(x).inside(8), binding: 8) }
            return atom("\(symbol)(\(at(x).text))")
        case .binary(.minimum, let inner, let high):
            if let x = clamped[id], case .binary(.maximum, _, let low) = self[inner].operation {
                return atom("clamp(\(at(x).text), \(at(low).text), \(at(high).text))")
            }
            return atom("minimum(\(at(inner).text), \(at(high).text))")
        case .binary(let op, let a, let b):
            let symbol = op.facts.symbol
            switch op.facts.spelling {
            case .function, .prefix: return atom("\(symbol)(\(at(a).text), \(at(b).text))")
            case .method: return atom("\(at(a).inside(9)):\(symbol)(\(at(b).text))")
            case .infix(_, let binding):
                return Piece(text: "\(at(a).inside(binding)) \(symbol) \(at(b).inside(binding + 1))", binding: binding)
            }
        case .select(let mask, let a, let b):
            return atom("where(\(at(mask).text), \(at(a).text), \(at(b).text))")
        case .reduce(let op, let x, let y):
            return atom("\(op)(\(at(x).text)\(y.map { ", " + at($0).text } ?? ""), '\(node.scope.name)')")
        case .cut(let x, let share, let isCount):
            return atom("cut(\(at(x).text), \(amount(share, isCount, depth, names, &room)), '\(node.scope.name)')")
        case .kept(let x, let cut):
            guard case .cut(_, let share, let isCount) = self[cut].operation else { return atom("…") }
            return atom("top(\(at(x).text), \(amount(share, isCount, depth, names, &room)), '\(self[cut].scope.name)')")
        case .rowTop(let x, let share, let isCount):
            return atom("top(\(at(x).text), \(amount(share, isCount, depth, names, &room)), 'row')")
        case .kth(let x, let index): return atom("kth(\(at(x).text), \(at(index).text), '\(node.scope.name)')")
        case .rank(let x): return atom("rank(\(at(x).text), 'row')")
        case .uniform(let seed, let stream): return atom("uniform{ seed = \(seed), stream = '\(stream)' }")
        case .serialUniform(let seed, _): return atom("mt19937{ seed = \(seed) }")
        case .roundTo(let dtype, let x): return atom("round_to(\(at(x).text), '\(dtype.rawValue.lowercased())')")
        case .restrict(let x): return atom("\(at(x).inside(9)):select(…)")
        case .branch(let parts): return atom("apply{ \(parts.map { at($0).text }.joined(separator: ", ")) }")
        case .broadcast(let x), .carried(let x): return at(x)
        case .matrix(let operation, let operands):
            let inner = operands.map { at($0).text }.joined(separator: ", ")
            let isList = operation == .beside || operation == .below
            var part = ""
            if case .svd(let which, _) = operation { part = which == .left ? ".u" : which == .values ? ".s" : ".vt" }
            return atom(operation.name + (isList ? "{ \(inner) }" : "(\(inner))") + part)
        case .reinterpret(let x):
            if case .source(let part) = self[x].operation, let words = partWords[part] { return atom(words) }
            return node.space == .value
                ? atom("weights(\(at(x).text))") : atom("as_\(node.space.rawValue)(\(at(x).text))")
        }
    }

    private func amount(_ share: NodeID, _ isCount: Bool, _ depth: Int, _ names: [NodeID: String], _ room: inout Int)
        -> String
    {
        let inner = text(share, depth - 1, names, &room).text
        return isCount ? "{ count = \(inner) }" : inner
    }

    /// A number without a needless fraction.
    package static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int(value)) : String(value)
    }
}

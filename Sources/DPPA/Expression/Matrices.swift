import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// Whole tensors as matrices: decompositions, products, and what rearranges them.
///
/// Every operand has values on tensors of the same names; a delta that lacks one counts as zeros there. The result is a value.
extension Graph {
    /// The thin singular value decomposition x = u · diag(s) · vt: u is m × k, s a vector of k, vt k × n, with k the smaller side or
    /// `rank`, where that is less.
    ///
    /// Throws when a tensor is no matrix.
    public func svd(_ x: NodeID, rank: NodeID? = nil, _ options: SVDOptions = SVDOptions()) throws -> (
        u: NodeID, s: NodeID, vt: NodeID
    ) {
        let rank = try rank.map { try wholeNumbers($0, "svd: rank") }
        func count(_ shape: [Int], _ facts: TensorFacts) throws -> Int {
            min(shape[0], shape[1], try rank?(facts) ?? Int.max)
        }
        func part(_ part: MatrixOperation.Part, _ shape: (_ m: Int, _ n: Int, _ k: Int) -> [Int]) throws -> NodeID {
            try matrix(.svd(part, options), [x], "svd") { shapes, facts in
                try self.requireMatrix(shapes[0], facts, "svd")
                return shape(shapes[0][0], shapes[0][1], try count(shapes[0], facts))
            }
        }
        return (try part(.left) { [$0, $2] }, try part(.values) { [$2] }, try part(.right) { [$2, $1] })
    }

    /// U · Vᵀ of x = U S Vᵀ, over the directions with s > tolerance · s₀.
    public func polar(_ x: NodeID, tolerance: Double, isSingle: Bool = false) throws -> NodeID {
        try matrix(.polar(tolerance: tolerance, isSingle: isSingle), [x], "polar") { shapes, facts in
            try self.requireMatrix(shapes[0], facts, "polar")
            return shapes[0]
        }
    }

    /// The product of two matrices.
    public func product(_ a: NodeID, _ b: NodeID) throws -> NodeID {
        try matrix(.product, [a, b], "matmul") { shapes, facts in
            for shape in shapes { try self.requireMatrix(shape, facts, "matmul") }
            guard shapes[0][1] == shapes[1][0] else {
                throw self.misfit("matmul", shapes, facts, "the first must have as many columns as the second rows")
            }
            return [shapes[0][0], shapes[1][1]]
        }
    }

    /// Rows and columns exchanged.
    public func transpose(_ x: NodeID) throws -> NodeID {
        // A matrix that was transposed is there already.
        if case .matrix(.transpose, let inner) = self[x].operation { return inner[0] }
        return try matrix(.transpose, [x], "transpose") { shapes, facts in
            try self.requireMatrix(shapes[0], facts, "transpose")
            return shapes[0].reversed()
        }
    }

    /// The least solution x of (a + r·1) · x = b, for a symmetric a without negative eigenvalues; r is `ridge` times the mean of its
    /// diagonal, and directions with at most `tolerance` times the largest eigenvalue get nothing.
    public func solve(_ a: NodeID, _ b: NodeID, ridge: Double, tolerance: Double) throws -> NodeID {
        try matrix(.solve(ridge: ridge, tolerance: tolerance), [a, b], "solve") { shapes, facts in
            for shape in shapes { try self.requireMatrix(shape, facts, "solve") }
            guard shapes[0][0] == shapes[0][1], shapes[1][0] == shapes[0][0] else {
                throw self.misfit(
                    "solve", shapes, facts, "the first must be square, with as many rows as the second")
            }
            return shapes[1]
        }
    }

    /// Matrices, or vectors, side by side.
    public func beside(_ parts: [NodeID]) throws -> NodeID {
        if parts.count == 1 { return parts[0] }
        return try matrix(.beside, parts, "hstack") { shapes, facts in
            guard Set(shapes.map { $0.dropLast() }).count == 1, (1...2).contains(shapes[0].count) else {
                throw self.misfit("hstack", shapes, facts, "all must be vectors, or matrices of equal row counts")
            }
            return shapes[0].dropLast() + [shapes.reduce(0) { $0 + ($1.last ?? 0) }]
        }
    }

    /// Matrices one below the other.
    public func below(_ parts: [NodeID]) throws -> NodeID {
        if parts.count == 1 { return parts[0] }
        return try matrix(.below, parts, "vstack") { shapes, facts in
            for shape in shapes { try self.requireMatrix(shape, facts, "vstack") }
            guard Set(shapes.map { $0[1] }).count == 1 else {
                throw self.misfit("vstack", shapes, facts, "all must have equal column counts")
            }
            return [shapes.reduce(0) { $0 + $1[0] }, shapes[0][1]]
        }
    }

    /// The sums of each row up to every column.
    public func cumulated(_ x: NodeID) throws -> NodeID {
        try matrix(.cumulated, [x], "cumsum") { shapes, _ in shapes[0] }
    }

    /// Elements in memory, computed once.
    public func whole(_ x: NodeID) throws -> NodeID { try matrix(.whole, [x], "whole") { shapes, _ in shapes[0] } }

    /// A block of a matrix or a vector, 0 where it reaches outside; what is left out is the whole side, from 1.
    public func block(
        _ x: NodeID, rows: NodeID?, columns: NodeID?, firstRow: NodeID?, firstColumn: NodeID?
    ) throws -> NodeID {
        let (height, width) = (
            try rows.map { try wholeNumbers($0, "block: rows") },
            try columns.map { try wholeNumbers($0, "block: columns") }
        )
        let starts = try [firstRow, firstColumn].enumerated().map { index, start in
            let number = try start.map {
                try wholeNumbers($0, index == 0 ? "block: from_row" : "block: from_column", from: nil)
            }
            var table: [TensorID: Double] = [:]
            for tensor in tensors(of: x) { table[tensor] = Double(try number?(facts(tensor)) ?? 1) - 1 }
            return self.number(of: table)
        }
        return try matrix(.block(firstRow: starts[0], firstColumn: starts[1]), [x], "block") { shapes, facts in
            let shape = shapes[0]
            guard (1...2).contains(shape.count), shape.count == 2 || rows == nil && firstRow == nil else {
                throw self.noMatrix(shape, facts, "block")
            }
            let last = try width?(facts) ?? shape[shape.count - 1]
            return shape.count == 1 ? [last] : [try height?(facts) ?? shape[0], last]
        }
    }

    /// The numbers of a vector for the rows, or the columns, of matrices like another.
    public func spread(_ vector: NodeID, over like: NodeID, isByRow: Bool) throws -> NodeID {
        let what = isByRow ? "spread_rows" : "spread_columns"
        var targets: [String: [Int]] = [:]
        for tensor in tensors(of: like) { targets[facts(tensor).name] = facts(tensor).shape }
        return try matrix(isByRow ? .alongRows : .alongColumns, [vector], what, on: Set(targets.keys)) {
            shapes, facts in
            let target = targets[facts.name] ?? []
            try self.requireMatrix(target, facts, what)
            guard shapes[0].count == 1, shapes[0][0] == target[isByRow ? 0 : 1] else {
                throw self.misfit(
                    what, [shapes[0], target], facts,
                    "the first must be a vector with a number for each \(isByRow ? "row" : "column") of the second")
            }
            return target
        }
    }

    /// The number of a table for a tensor's name.
    package func number(of table: Int, named tensor: TensorID) -> Double? {
        if let number = tables[table][tensor] { return number }
        let name = facts(tensor).name
        return tables[table].first { facts($0.key).name == name }?.value
    }

    /// The tensor of a name as it came first: as a model has it.
    package func original(_ tensor: TensorID) -> TensorID { tensorsByName[facts(tensor).name]?.first ?? tensor }

    // MARK: - Types

    /// The node of an operation; `shape` gives that of the result on each tensor, from those of the operands.
    func matrix(
        _ operation: MatrixOperation, _ operands: [NodeID], _ what: String, on names: Set<String>? = nil,
        _ shape: ([[Int]], TensorFacts) throws -> [Int]
    ) throws -> NodeID {
        var tables: [[String: TensorFacts]] = []
        for operand in operands {
            guard self[operand].domain != nil else {
                throw mistake(
                    "\(what): a \(describe(operand)) is no matrix",
                    "give a field: a model, a delta, or what is made of them")
            }
            var table: [String: TensorFacts] = [:]
            for tensor in tensors(of: operand) { table[facts(tensor).name] = facts(tensor) }
            tables.append(table)
        }
        var members: [TensorID] = []
        for name in Set(tables.flatMap(\.keys)).sorted() where names?.contains(name) ?? true {
            guard let any = tables.compactMap({ $0[name] }).first, let own = tensorsByName[name]?.first else {
                continue
            }
            let shapes = try zip(operands, tables).map { operand, table -> [Int] in
                if let facts = table[name] { return facts.shape }
                guard self[operand].space == .delta else {
                    throw mistake(
                        "\(what): \(formula(operand, depth: 2)) has no value for \(name)",
                        "put all on one selection with :linears() or :select \"…\"")
                }
                return facts(own).shape
            }
            members.append(intern(any.reshaped(try shape(shapes, any))))
        }
        let labels = Set(operands.map { self[$0].label })
        return try make(
            .matrix(operation, operands), .element, domain: intern(members),
            label: labels.count == 1 ? self[operands[0]].label : nil)
    }

    func requireMatrix(_ shape: [Int], _ facts: TensorFacts, _ what: String) throws {
        guard shape.count == 2 else { throw noMatrix(shape, facts, what) }
        guard shape[0] * shape[1] <= Int(Int32.max) else {
            throw mistake("\(what): \(facts.name) has the shape \(shape), more elements than LAPACK counts")
        }
    }

    private func noMatrix(_ shape: [Int], _ facts: TensorFacts, _ what: String) -> DPPAError {
        mistake(
            "\(what): \(facts.name) has the shape \(shape); a matrix has two dimensions",
            shape.count == 3
                ? "a mixture's experts are a matrix each where stacks are apart: leave out stacks = \"whole\""
                : "take the matrices alone: x:linears(), or x:apply(rule), and something else for the rest")
    }

    func misfit(_ what: String, _ shapes: [[Int]], _ facts: TensorFacts, _ rule: String) -> DPPAError {
        mistake("\(what): the shapes \(Phrase.list(shapes.map { "\($0)" })) do not fit on \(facts.name)", rule)
    }

    /// A whole number for all tensors, or one for each by its name.
    private func wholeNumbers(_ x: NodeID, _ what: String, from least: Int? = 0) throws -> (TensorFacts) throws -> Int {
        func whole(_ value: Double, _ place: String) throws -> Int {
            guard value == value.rounded(), value.magnitude < 1e9, value >= Double(least ?? Int.min) else {
                throw mistake(
                    "\(what) must be a whole number\(least.map { " from \($0)" } ?? ""); it is \(Graph.number(value))\(place)"
                )
            }
            return Int(value)
        }
        if case .constant(let bits) = self[x].operation {
            let value = try whole(Double(bitPattern: bits), "")
            return { _ in value }
        }
        guard let table = numbers(x) else {
            throw mistake(
                "\(what) is a \(describe(x)), which decides on shapes, so it must be known without reading",
                "give a number, or one for each tensor: dppa.per_tensor(x, function(t) return t.shape[1] // 2 end)")
        }
        var byName: [String: Int] = [:]
        for (tensor, value) in table { byName[facts(tensor).name] = try whole(value, " for \(facts(tensor).name)") }
        return { facts in
            guard let value = byName[facts.name] else { throw self.mistake("\(what) has no number for \(facts.name)") }
            return value
        }
    }
}

/// How `Graph.svd` decomposes; by default wholly, in float64.
public typealias SVDOptions = SingularValues.Options

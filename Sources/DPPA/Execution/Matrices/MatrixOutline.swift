import DPPACheckpoint
import DPPAExpression
import DPPAKernels

/// In which order the matrices are computed that programs on one tensor need, what each is made of, and how much memory that
/// takes; known before anything is read.
struct MatrixOutline {
    /// A matrix, with how long it is needed.
    struct Value {
        /// The node that it is the value of, on a tensor: of a matrix node, or of an expression that is gathered.
        var key: MatrixKey
        var rows: Int
        var columns: Int
        /// Whether programs load it after all is done.
        var isWanted = false

        var bytes: Int { rows * columns * 4 }
    }

    /// A matrix that a step takes.
    struct Input {
        var value: Int
        var isTransposed = false
    }

    struct Step {
        enum Kind {
            /// The elements of an expression.
            case gather
            /// Zeros, for a delta that the tensor lacks.
            case zeros
            case compute(MatrixOperation)
        }

        var kind: Kind
        var inputs: [Input] = []
        /// What it leaves; of a decomposition u, s and vt, nil for those that nothing needs.
        var outputs: [Int?]
        /// What nothing needs after it.
        var last: [Int] = []
    }

    private(set) var values: [Value] = []
    private(set) var steps: [Step] = []
    /// How many values, the first ones, are there already.
    let knownCount: Int
    private let graph: Graph
    private var places: [MatrixKey: Int] = [:]

    /// The order for what some nodes need on tensors of one name, without what is known already.
    ///
    /// Of a decomposition that is computed, the parts that are among `keeping` are kept as well: a later pass wants them.
    init(
        _ graph: Graph, for wanted: [MatrixKey], known: Set<MatrixKey> = [], keeping: [NodeID] = []
    ) throws {
        self.graph = graph
        knownCount = known.count
        var open = try wanted.flatMap { try graph.matrices(under: $0.node, on: $0.tensor) }
        let roots = Set(open)
        var needed: Set<MatrixKey> = []
        while let key = open.popLast() {
            guard !known.contains(key), needed.insert(key).inserted else { continue }
            for operand in try operands(of: key) {
                guard let tensor = operand.key else { continue }
                open += try graph.matrices(under: tensor.node, on: tensor.tensor)
            }
        }
        for (number, key) in known.sorted(by: { $0.node < $1.node }).enumerated() {
            // What is there already is an input as all others are.
            values.append(value(key))
            values[number].isWanted = true
            places[key] = number
        }
        let kept = keeping.isEmpty ? [] : decompositions(keeping, of: needed)
        for key in needed.sorted(by: { $0.node < $1.node }) where places[key] == nil {
            try add(key, needed.union(kept))
        }
        for key in roots.union(kept) { if let place = places[key] { values[place].isWanted = true } }
        var last: [Int: Int] = [:]
        for (number, step) in steps.enumerated() {
            for place in step.outputs.compactMap(\.self) + step.inputs.map(\.value) { last[place] = number }
        }
        for (place, number) in last where !values[place].isWanted { steps[number].last.append(place) }
    }

    /// Whether there is nothing to do.
    var isEmpty: Bool { steps.isEmpty }

    /// The most memory that is in use at a time, in bytes, besides what is known, and the operation that it is for.
    var peak: (bytes: Int, place: Int) {
        var (live, peak, at) = (0, 0, 0)
        for (number, step) in steps.enumerated() {
            live += step.outputs.compactMap(\.self).reduce(0) { $0 + values[$1].bytes }
            if live + scratchBytes(step) > peak { (peak, at) = (live + scratchBytes(step), number) }
            live -= step.last.reduce(0) { $0 + values[$1].bytes }
        }
        return (peak, at)
    }

    /// How many singular value and eigenvalue decompositions there are.
    var decompositions: Int {
        steps.count {
            switch $0.kind {
            case .compute(.svd), .compute(.polar), .compute(.solve), .compute(.alps): true
            default: false
            }
        }
    }

    /// About how many multiplications and additions there are.
    var operations: Double {
        steps.reduce(0) { total, step in
            guard case .compute(let operation) = step.kind, let first = step.inputs.first else { return total }
            let a = values[first.value]
            let (m, n) = (Double(max(a.rows, a.columns)), Double(min(a.rows, a.columns)))
            let output = step.outputs.compactMap(\.self).first.map { Double(values[$0].rows * values[$0].columns) } ?? 0
            switch operation {
            case .svd(_, let options) where options.seed != nil: return total + 20 * m * n * Double(rank(step))
            case .svd, .polar: return total + (12 * m + 16 * n) * n * n
            case .product: return total + 2 * output * Double(first.isTransposed ? a.rows : a.columns)
            case .solve: return total + 9 * n * n * n + 4 * n * output
            case .dsnot(let options): return total + Double(a.rows * a.columns) * Double(options.rounds)
            case .alps(let options):
                let columns = Double(a.columns)
                return total + Double(options.rounds) * 2 * columns * columns * (Double(a.rows) + columns / 3)
            case .sparseGPT:
                let columns = Double(a.columns)
                return total + columns * columns * (columns + Double(a.rows))
            case .transpose, .consecutive, .beside, .below, .cumulated, .block, .whole, .alongRows, .alongColumns:
                return total
            }
        }
    }

    /// A step in words, for messages.
    func words(_ step: Int) -> String {
        guard case .compute(let operation) = steps[step].kind, let input = steps[step].inputs.first else {
            return "reading a matrix"
        }
        return "\(operation.name) of [\(values[input.value].rows), \(values[input.value].columns)]"
    }

    // MARK: - Building

    private struct Operand {
        /// Nil for a delta that the tensor lacks.
        var key: MatrixKey?
        var isTransposed = false
    }

    private func operands(of key: MatrixKey) throws -> [Operand] {
        guard case .matrix(let operation, let nodes) = graph[key.node].operation else {
            throw graph.fault("this is no matrix", key.node, key.tensor)
        }
        return nodes.map { node in
            guard let tensor = graph.tensor(key.tensor, in: node) else { return Operand(key: nil) }
            let (plain, isTransposed) = graph.plain(node, seesThroughTransposes: operation == .product)
            return Operand(
                key: MatrixKey(node: plain, tensor: graph.tensor(tensor, in: plain) ?? tensor),
                isTransposed: isTransposed)
        }
    }

    private mutating func add(_ key: MatrixKey, _ needed: Set<MatrixKey>) throws {
        guard case .matrix(let operation, _) = graph[key.node].operation else { return }
        let inputs = try operands(of: key).map { operand -> Input in
            guard let other = operand.key else { return Input(value: zeros(like: key)) }
            if let place = places[other] { return Input(value: place, isTransposed: operand.isTransposed) }
            let read = try graph.matrices(under: other.node, on: other.tensor).compactMap { places[$0] }
            let place = append(other)
            steps.append(Step(kind: .gather, inputs: read.map { Input(value: $0) }, outputs: [place]))
            return Input(value: place, isTransposed: operand.isTransposed)
        }
        var outputs: [Int?] = []
        if case .svd = operation {
            let family = Decomposition(graph, key)
            for part in MatrixOperation.Part.allCases {
                let sibling = needed.first { graph.part($0.node) == part && Decomposition(graph, $0) == family }
                outputs.append(sibling.map { append($0) })
            }
        } else {
            outputs = [append(key)]
        }
        steps.append(Step(kind: .compute(operation), inputs: inputs, outputs: outputs))
    }

    private mutating func append(_ key: MatrixKey) -> Int {
        values.append(value(key))
        places[key] = values.count - 1
        return values.count - 1
    }

    /// The size of a vector is that of a row.
    private func value(_ key: MatrixKey) -> Value {
        let facts = graph.facts(key.tensor)
        return Value(key: key, rows: facts.rowCount, columns: facts.rowLength)
    }

    private mutating func zeros(like key: MatrixKey) -> Int {
        // The tensor as models have it: a delta that lacks it has no other shape.
        let tensor = graph.original(key.tensor)
        values.append(value(MatrixKey(node: key.node, tensor: tensor)))
        steps.append(Step(kind: .zeros, outputs: [values.count - 1]))
        return values.count - 1
    }

    /// The parts among some nodes of those decompositions that are needed.
    private func decompositions(_ nodes: [NodeID], of needed: Set<MatrixKey>) -> Set<MatrixKey> {
        let families = Set(needed.filter { graph.part($0.node) != nil }.map { Decomposition(graph, $0) })
        guard let tensor = needed.first?.tensor, !families.isEmpty else { return [] }
        let keys = nodes.filter { graph.part($0) != nil }.compactMap { node in
            graph.tensor(tensor, in: node).map { MatrixKey(node: node, tensor: $0) }
        }
        return Set(keys.filter { families.contains(Decomposition(graph, $0)) && places[$0] == nil })
    }

    /// What the parts of one decomposition have in common on a tensor.
    private struct Decomposition: Hashable {
        private var options: SingularValues.Options?
        private var operand: NodeID?
        private var rank = 0

        init(_ graph: Graph, _ key: MatrixKey) {
            guard case .matrix(.svd(let part, let options), let nodes) = graph[key.node].operation else { return }
            let shape = graph.facts(key.tensor).shape
            (self.options, operand, rank) = (options, nodes[0], part == .left ? shape[1] : shape[0])
        }
    }

    // MARK: - Memory

    /// What gathering takes besides the matrix: a chunk of each source, and registers.
    private static let gathering = 4 << 20

    private func scratchBytes(_ step: Step) -> Int {
        guard case .compute(let operation) = step.kind, let first = step.inputs.first else { return Self.gathering }
        let (a, output) = (values[first.value], step.outputs.compactMap(\.self).first.map { values[$0] })
        switch operation {
        case .svd(_, let options):
            return SingularValues.bytes(rows: a.rows, columns: a.columns, rank: rank(step), options)
        case .polar(_, let isSingle): return PolarFactor.bytes(rows: a.rows, columns: a.columns, isSingle: isSingle)
        case .product:
            return MatrixProduct.productBytes(
                m: output?.rows ?? 0, n: output?.columns ?? 0, k: first.isTransposed ? a.rows : a.columns)
        case .dsnot: return DSnoT.bytes(columns: a.columns)
        case .alps: return ALPS.bytes(rows: a.rows, columns: a.columns)
        case .solve: return SymmetricSolve.bytes(n: a.rows, width: output?.columns ?? 0)
        case .sparseGPT(let options): return SparseGPT.bytes(rows: a.rows, columns: a.columns, options)
        case .transpose, .consecutive, .beside, .below, .cumulated, .block, .whole, .alongRows, .alongColumns: return 0
        }
    }

    /// How many triplets a decomposition gives.
    func rank(_ step: Step) -> Int {
        for (part, place) in zip(MatrixOperation.Part.allCases, step.outputs) {
            if let place { return part == .right ? values[place].rows : values[place].columns }
        }
        return 0
    }
}

extension Graph {
    /// The matrices that the programs of a node load on a tensor.
    func matrices(under root: NodeID, on tensor: TensorID) throws -> [MatrixKey] {
        var (open, seen, found): ([NodeID], Set<NodeID>, [MatrixKey]) = ([root], [], [])
        while let id = open.popLast() {
            guard self[id].isFine, !isAbsent(id, on: tensor), seen.insert(id).inserted else { continue }
            if case .matrix = self[id].operation { found.append(MatrixKey(node: id, tensor: tensor)) }
            open += try operands(of: id, on: tensor)
        }
        return found
    }

    /// The node that another is under another name, and whether its value is the other's transposed.
    fileprivate func plain(_ node: NodeID, seesThroughTransposes: Bool) -> (node: NodeID, isTransposed: Bool) {
        var (id, isTransposed) = (node, false)
        while true {
            switch self[id].operation {
            case .reinterpret(let x), .restrict(let x): id = x
            case .matrix(.transpose, let operands) where seesThroughTransposes:
                (id, isTransposed) = (operands[0], !isTransposed)
            default: return (id, isTransposed)
            }
        }
    }

    /// Which part of a decomposition a node is.
    fileprivate func part(_ id: NodeID) -> MatrixOperation.Part? {
        if case .matrix(.svd(let part, _), _) = self[id].operation { part } else { nil }
    }
}

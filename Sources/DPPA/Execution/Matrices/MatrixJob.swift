import DPPAExpression
import DPPAKernels
import DPPASupport

/// An expression that goes into a matrix is not finite.
struct NonFiniteMatrix: Error {
    var key: MatrixKey
    var count: Int
}

/// The matrices of one tensor: what is gathered and computed for them, on one thread.
///
/// Everything is compiled before it runs; numbers go from step to step in `MatrixValue`s, and leave memory after the last one that
/// needs them. A product is one call of OpenBLAS on one thread, so nothing depends on threads or on memory.
final class MatrixJob: @unchecked Sendable {
    private let outline: MatrixOutline
    private let values: [MatrixValue]
    /// What gathers, by step.
    private let tasks: [Int: TensorTask]
    private let graph: Graph
    private let name: String

    /// Compiles what gathers; the values are added to those that the engine knows.
    init(_ engine: Engine, _ outline: MatrixOutline) throws {
        self.outline = outline
        graph = engine.graph
        name = outline.values.first.map { engine.graph.facts($0.key.tensor).name } ?? ""
        var computed: Set<Int> = []
        for step in outline.steps {
            if case .compute = step.kind { computed.formUnion(step.outputs.compactMap(\.self)) }
        }
        values = outline.values.enumerated().map { place, value in
            if place < outline.knownCount, let known = engine.matrices[value.key] { return known }
            let new = MatrixValue()
            if computed.contains(place) { engine.matrices[value.key] = new }
            return new
        }
        var tasks: [Int: TensorTask] = [:]
        for (number, step) in outline.steps.enumerated() {
            guard case .gather = step.kind, let place = step.outputs[0] else { continue }
            let key = outline.values[place].key
            var pass = TensorPass(engine, key.tensor)
            guard pass.facts.numel > 0 else { continue }
            pass.attach(MatrixSink(values[place]), [try pass.elements(key.node)])
            tasks[number] = try pass.task()
        }
        self.tasks = tasks
    }

    /// What is read.
    var reading: [TensorTask] { tasks.sorted { $0.key < $1.key }.map(\.value) }

    /// Computes all, on the calling thread.
    func run(_ machine: TileMachine, _ counters: NonFiniteCounters, _ observer: (any EngineObserver)?) throws {
        for (number, step) in outline.steps.enumerated() {
            try observer?.checkInterruption()
            switch step.kind {
            case .gather: try gather(number, step, machine, counters, observer)
            case .zeros:
                if let place = step.outputs[0] {
                    values[place].matrix = .zeros(
                        rows: outline.values[place].rows, columns: outline.values[place].columns)
                }
            case .compute(let operation):
                do { try compute(operation, step) } catch let failure as MatrixFailure {
                    throw described(failure, number)
                }
            }
            for place in step.last { values[place].matrix = nil }
        }
    }

    private func gather(
        _ number: Int, _ step: MatrixOutline.Step, _ machine: TileMachine, _ counters: NonFiniteCounters,
        _ observer: (any EngineObserver)?
    ) throws {
        guard let place = step.outputs[0] else { return }
        let outlined = outline.values[place]
        let matrix = Matrix(rows: outlined.rows, columns: outlined.columns)
        values[place].matrix = matrix
        guard let task = tasks[number] else {
            guard matrix.count == 0 else {
                throw graph.fault("nothing gathers a matrix", outlined.key.node, outlined.key.tensor)
            }
            return
        }
        for chunk in task.chunks.indices {
            try observer?.checkInterruption()
            try machine.run(task, chunk: chunk, counters: counters)
            observer?.advance(bytes: task.bytesMoved(task.chunks[chunk].owned.count))
        }
        let found = matrix.nonFiniteCount
        guard found == 0 else { throw NonFiniteMatrix(key: outlined.key, count: found) }
    }

    private func compute(_ operation: MatrixOperation, _ step: MatrixOutline.Step) throws {
        let inputs = try step.inputs.map { input -> Matrix in
            guard let matrix = values[input.value].matrix else {
                throw DPPAError(.internalFault, "\(operation.name) of \(name) has lost an operand")
            }
            return matrix
        }
        let results: [Matrix]
        switch operation {
        case .svd(_, let options):
            let svd = try SingularValues(inputs[0], rank: outline.rank(step), options, name: name)
            results = [svd.u, svd.s, svd.vt]
        default:
            guard let place = step.outputs[0] else { return }
            results = [try result(operation, inputs, step, outline.values[place])]
        }
        for (place, result) in zip(step.outputs, results) {
            guard let place else { continue }
            guard result.nonFiniteCount == 0 else {
                throw NonFiniteMatrix(key: outline.values[place].key, count: result.nonFiniteCount)
            }
            values[place].matrix = result
        }
    }

    private func result(
        _ operation: MatrixOperation, _ inputs: [Matrix], _ step: MatrixOutline.Step, _ output: MatrixOutline.Value
    ) throws -> Matrix {
        let a = inputs[0]
        switch operation {
        case .svd: return a
        case .polar(let tolerance, let isSingle): return try PolarFactor.of(a, tolerance: tolerance, isSingle: isSingle)
        case .product:
            return MatrixProduct.product(
                a, isTransposed: step.inputs[0].isTransposed, inputs[1], isTransposed: step.inputs[1].isTransposed)
        case .transpose: return a.transposed
        case .solve(let ridge, let tolerance):
            return try SymmetricSolve.solve(a, inputs[1], ridge: ridge, tolerance: tolerance)
        case .consecutive(let kept, let group): return ConsecutiveChoice.of(a, kept: kept, group: group)
        case .sparseGPT(let options):
            return try SparseGPT.prune(a, products: inputs[1], share: share(inputs[2], operation), options)
        case .dsnot(let options):
            return DSnoT.mask(
                a, kept: inputs[1], DSnoT.Inputs(sums: inputs[2], variances: inputs[3], norms: inputs[4]), options)
        case .alps(let options):
            return try ALPS.prune(a, products: inputs[1], share: share(inputs[2], operation), options)
        case .beside: return .beside(inputs)
        case .below: return .below(inputs)
        case .cumulated: return a.cumulated
        case .whole: return a
        case .block(let firstRow, let firstColumn):
            let operand = outline.values[step.inputs[0].value].key.tensor
            func start(_ table: Int) throws -> Int {
                guard let number = graph.number(of: table, named: operand) else {
                    throw graph.fault("a block has no beginning", output.key.node, operand)
                }
                return Int(number)
            }
            return a.block(
                row: try start(firstRow), column: try start(firstColumn), rows: output.rows, columns: output.columns)
        case .alongRows: return .repeating(a, rows: output.rows, columns: output.columns, isByRow: true)
        case .alongColumns: return .repeating(a, rows: output.rows, columns: output.columns, isByRow: false)
        }
    }

    /// The number that a matrix has everywhere, as a share.
    private func share(_ matrix: Matrix, _ operation: MatrixOperation) throws -> Double {
        guard matrix.count > 0 else { return 0 }
        let share = Double(matrix.values.pointer[0])
        guard (0...1).contains(share) else {
            throw DPPAError(
                .data,
                "\(operation.name): the sparsity of \(name.shown) is \(Graph.number(share)); it must be from 0 to 1",
                notes: ["bound it: dppa.clamp(sparsity, 0, 1)"])
        }
        return share
    }

    private func described(_ failure: MatrixFailure, _ step: Int) -> DPPAError {
        let what = "\(outline.words(step)) of \(name.shown)"
        switch failure {
        case .unconverged:
            return DPPAError(
                .data, "\(what) does not converge",
                notes: ["leave the tensor out of the rule, or try the other precision: precision = \"f32\" or \"f64\""])
        case .singular:
            return DPPAError(
                .data, "\(what): the covariance of the inputs has no inverse",
                notes: ["raise `damp`, or take more calibration text"])
        case .refused(let info):
            return DPPAError(.internalFault, "\(what) was refused by LAPACK (\(info))")
        }
    }
}

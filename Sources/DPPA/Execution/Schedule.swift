import DPPAExpression
import DPPAKernels

/// A moment of a run: after `pass` passes over a unit (a tensor or a layer) of the epoch.
///
/// All units go through an epoch before the next one starts: only what reaches over units, model and group scope, needs one.
package struct Stage: Hashable, Comparable, Sendable {
    package var epoch = 0
    package var pass = 0

    /// A moment by its numbers, from 0.
    package init(epoch: Int = 0, pass: Int = 0) {
        self.epoch = epoch
        self.pass = pass
    }

    package static func < (a: Stage, b: Stage) -> Bool { (a.epoch, a.pass) < (b.epoch, b.pass) }
    var nextPass: Stage { Stage(epoch: epoch, pass: pass + 1) }
    var nextEpoch: Stage { Stage(epoch: epoch + 1, pass: 0) }
    /// The first moment, not before this one, at which every unit is at the same point.
    var boundary: Stage { pass == 0 ? self : nextEpoch }
}

/// Work that needs the elements of tensors, done in a pass over them.
package enum Job: Hashable, Sendable {
    /// Per tensor, one accumulated number.
    case partial(ReductionOp, NodeID, NodeID?)
    /// Per tensor, one accumulated number for each column.
    case columns(ReductionOp, NodeID, NodeID?)
    /// Keep the row values of a node.
    case rows(NodeID)
    /// Find the order statistic of a `cut` or `kth` node.
    case select(NodeID)
    /// The same for each column.
    case columnSelect(NodeID)
    /// Write an output.
    case write(Int)
}

/// Which pass of which epoch does what; made from the requested nodes alone, before anything is read.
package struct Schedule {
    /// The jobs of each pass, in a fixed order.
    package var jobs: [Stage: [Job]] = [:]
    /// The coarse nodes that can be computed at each stage, operands first.
    package var coarse: [Stage: [NodeID]] = [:]
    /// The number of epochs, at least one if there is anything to do.
    package private(set) var epochCount = 0
    /// The epochs whose units are whole layers.
    private(set) var layerEpochs: Set<Int> = []
    /// Every requested node and all that it depends on and that was not known before.
    private(set) var needed: [NodeID] = []
    private var stages: [NodeID: Stage] = [:]

    /// The schedule for coarse nodes and models to be written, of which the store knows some results already.
    ///
    /// Throws an `internalFault` when a node comes before its operands.
    package init(
        _ graph: Graph, requests: [NodeID], outputs: [NodeID], store: CoarseStore = CoarseStore()
    ) throws {
        var marked = Set(requests + outputs)
        var order: [NodeID] = []
        for index in stride(from: Int32(graph.count) - 1, through: 0, by: -1) {
            let id = NodeID(index: index)
            guard marked.contains(id) else { continue }
            order.append(id)
            if store.has(id) { continue }
            marked.formUnion(graph[id].operation.operands)
        }
        needed = order.reversed()
        for id in needed { try place(id, graph, store) }
        for (number, output) in outputs.enumerated() { add(.write(number), at: try self.stage(of: output, graph)) }
    }

    /// How many passes an epoch has.
    func passCount(_ epoch: Int) -> Int {
        jobs.keys.reduce(0) { $1.epoch == epoch ? max($0, $1.pass + 1) : $0 }
    }

    /// The work of a pass; none where nothing but coarse values is computed.
    func jobs(at stage: Stage) -> [Job] { jobs[stage, default: []] }

    /// The coarse nodes that become known at a moment; often none.
    func coarse(at stage: Stage) -> [NodeID] { coarse[stage, default: []] }

    private func stage(of id: NodeID, _ graph: Graph) throws -> Stage {
        guard let stage = stages[id] else { throw graph.fault("an operand has no place in the schedule", id) }
        return stage
    }

    private mutating func place(_ id: NodeID, _ graph: Graph, _ store: CoarseStore) throws {
        let node = graph[id]
        if store.has(id) {
            stages[id] = Stage()
            return
        }
        let ready = try node.operation.operands.reduce(Stage()) { max($0, try self.stage(of: $1, graph)) }
        var stage = ready
        if let x = node.operation.reduced, node.scope != .row {
            let isGlobal = !node.scope.staysInUnit
            if graph[x].isFine {
                let job = Job(node, id, graph[x].scope)
                // Sampling the whole selection before its pass needs everything below to be known for every tensor.
                let start: Stage = if case .select = job, isGlobal { ready.boundary } else { ready }
                add(job, at: start)
                if case .reduce(_, _, let y?) = node.operation, graph[x].scope == .row { add(.rows(y), at: start) }
                stage = isGlobal ? start.nextEpoch : start.nextPass
            } else if isGlobal {
                stage = ready.boundary
            }
        }
        stages[id] = stage
        guard !graph[id].isFine || node.isKeptRows(graph) else { return }
        coarse[stage, default: []].append(id)
        epochCount = max(epochCount, stage.epoch + 1)
        if node.scope == .layer, stage.pass > 0 { layerEpochs.insert(stage.epoch) }
    }

    private mutating func add(_ job: Job, at stage: Stage) {
        epochCount = max(epochCount, stage.epoch + 1)
        if jobs[stage]?.contains(job) != true { jobs[stage, default: []].append(job) }
    }
}

extension Scope {
    /// Whether an instance lies within one unit of an epoch.
    var staysInUnit: Bool {
        switch self {
        case .element, .row, .column, .tensor, .layer: true
        case .group, .model: false
        }
    }
}

extension Node {
    /// Whether its values are made tile by tile and never stored as a whole: elements and rows.
    var isFine: Bool { scope == .element || scope == .row }

    /// A mask over rows comes from an order among all rows, so it is stored, unlike other row values.
    func isKeptRows(_ graph: Graph) -> Bool {
        if case .kept = operation { scope == .row } else { false }
    }
}

extension Operation {
    /// The operand that goes to a coarser scope.
    var reduced: NodeID? {
        switch self {
        case .reduce(_, let x, _), .cut(let x, _, _), .kth(let x, _): x
        default: nil
        }
    }

}

extension Job {
    /// The work that a reducing node with a fine operand needs.
    init(_ node: Node, _ id: NodeID, _ operandScope: Scope) {
        switch node.operation {
        case .reduce(_, let x, _) where operandScope == .row: self = .rows(x)
        case .reduce(let op, let x, let y):
            self = node.scope == .column ? .columns(op.accumulated, x, y) : .partial(op.accumulated, x, y)
        case .cut(let x, _, _) where operandScope == .row: self = .rows(x)
        case .kth(let x, _) where operandScope == .row: self = .rows(x)
        default: self = node.scope == .column ? .columnSelect(id) : .select(id)
        }
    }
}

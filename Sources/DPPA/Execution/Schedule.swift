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

/// Which pass of which epoch does what; made from the requested nodes alone, before anything is read.
package struct Schedule {
    /// The work of each pass, in a fixed order.
    package var work: [Stage: [any PassWork]] = [:]
    /// The coarse nodes that can be computed at each stage, operands first.
    package var coarse: [Stage: [NodeID]] = [:]
    /// The number of epochs, at least one if there is anything to do.
    package private(set) var epochCount = 0
    /// The epochs whose units are whole layers.
    private(set) var layerEpochs: Set<Int> = []
    /// Every requested node and all that it depends on and that was not known before.
    private(set) var needed: [NodeID] = []
    /// On which tensors.
    var needs = Needs.everything
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
        for (number, output) in outputs.enumerated() {
            add(OutputWrite(number: number, x: output), at: try self.stage(of: output, graph))
        }
    }

    /// How many passes an epoch has.
    func passCount(_ epoch: Int) -> Int {
        work.keys.reduce(0) { $1.epoch == epoch ? max($0, $1.pass + 1) : $0 }
    }

    /// The work of a pass; none where nothing but coarse values is computed.
    func work(at stage: Stage) -> [any PassWork] { work[stage, default: []] }

    /// The work of all passes of an epoch, in order.
    func work(in epoch: Int) -> [any PassWork] {
        (0..<passCount(epoch)).flatMap { work(at: Stage(epoch: epoch, pass: $0)) }
    }

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
                let work = node.work(id, graph)
                // Sampling the whole selection before its pass needs everything below to be known for every tensor.
                let start = isGlobal && work.contains { $0 is OrderScan } ? ready.boundary : ready
                for item in work { add(item, at: start) }
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

    private mutating func add(_ item: any PassWork, at stage: Stage) {
        epochCount = max(epochCount, stage.epoch + 1)
        if !work(at: stage).contains(where: { $0.equals(item) }) { work[stage, default: []].append(item) }
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

import DPPAExpression
import DPPASupport

/// What the passes of an epoch have in common.
private struct Epoch {
    let number: Int
    let schedule: Schedule
    let outputs: [Engine.Output]
    let passCount: Int
    /// The searches that reach over units.
    let reaching: OrderSearches
    /// For each pass, what later ones read of its costly values.
    let later: [Set<NodeID>]

    init(
        _ number: Int, _ schedule: Schedule, _ outputs: [Engine.Output], _ graph: Graph, reaching: [OrderSearch]
    ) {
        (self.number, self.schedule, self.outputs) = (number, schedule, outputs)
        passCount = schedule.passCount(number)
        self.reaching = OrderSearches(reaching)
        later = schedule.keptValues(number, graph)
    }
}

/// Going through epochs: all units one after the other, each with all of its passes.
extension Engine {
    /// Goes through an epoch, and has all ranks know what they have found.
    func run(_ number: Int, _ schedule: Schedule, _ outputs: [Output]) throws {
        // Sampling computes some as well, and may fail half way.
        defer {
            matrices.removeAll()
            kept.beginUnit()
        }
        let everything = graph.allTensors
        for id in schedule.coarse(at: Stage(epoch: number)) where !store.has(id) {
            try coarse.evaluate(id, on: schedule.needs.tensors(of: id, among: everything))
        }
        var global: [OrderSearch] = []
        for case let scan as OrderScan in schedule.work(at: Stage(epoch: number))
        where !graph[scan.node].scope.staysInUnit {
            global += try searches(scan, on: schedule.needs.tensors(of: scan.node, among: everything))
        }
        try sample(global)
        let epoch = Epoch(number, schedule, outputs, graph, reaching: global)
        guard sharesPasses(outputs) else {
            for unit in units(number, schedule, outputs) { try go(through: unit, epoch) }
            return try finish(global, isShared: false)
        }
        let dealing = try deal(
            units(number, schedule, outputs, ranks: ranks.size), number, schedule, outputs, among: ranks.size)
        store.record()
        for unit in dealing.whole { try go(through: unit, epoch) }
        // Last, as ranks wait for each other in each pass.
        if dealing.isAnyDivided {
            let divided = DividedUnits(dealing.divided, rank: ranks.rank)
            try go(through: divided.tensors, epoch, divided)
        }
        try share(number, schedule, global)
        try finish(global, isShared: true)
    }

    /// Goes through all passes of an epoch with a unit, or with this rank's parts of some.
    private func go(through unit: [TensorID], _ epoch: Epoch, _ divided: DividedUnits? = nil) throws {
        let schedule = epoch.schedule
        residents.beginUnit()
        matrices.removeAll()
        kept.beginUnit()
        for pass in 0...epoch.passCount {
            let stage = Stage(epoch: epoch.number, pass: pass)
            for id in pass > 0 ? schedule.coarse(at: stage) : [] {
                try coarse.evaluate(id, on: schedule.needs.tensors(of: id, among: unit))
            }
            guard pass < epoch.passCount else { continue }
            let isLast = pass == epoch.passCount - 1
            // What is kept is of whole tensors.
            kept.wanted = divided == nil ? epoch.later[pass] : []
            let work = schedule.work(at: stage)
            try prepare(work, on: unit, schedule.needs, epoch.outputs, keeping: isLast ? [] : schedule.needed)
            try run(work, on: unit, epoch, divided, isLast: isLast)
        }
    }

    private func run(
        _ work: [any PassWork], on unit: [TensorID], _ epoch: Epoch, _ divided: DividedUnits?, isLast: Bool
    ) throws {
        let (needs, outputs) = (epoch.schedule.needs, epoch.outputs)
        var local: [OrderSearch] = []
        for case let scan as OrderScan in work where graph[scan.node].scope.staysInUnit {
            local += try searches(scan, on: needs.tensors(of: scan.node, among: unit))
        }
        try sample(local)
        let searches = [OrderSearches(local), epoch.reaching]
        var tasks: [TensorTask] = []
        var finishes: [(tensor: TensorID, finish: (Engine) throws -> Void)] = []
        for tensor in unit {
            var pass = TensorPass(self, tensor, searches, outputs, part: divided?.part(of: tensor))
            for item in work where needs.contains(item, on: tensor) { try item.join(&pass) }
            pass.keep(kept)
            if let task = try pass.task() { tasks.append(task) }
            finishes += pass.finishes.map { (tensor, $0) }
        }
        try residents.keep(
            tasks, local + epoch.reaching.all, matrices: matrices.bytes + kept.bytes, isLast: isLast || divided != nil,
            options)
        var found: [ResidentKey: Int] = [:]
        do {
            // Before anybody asks what was read.
            defer { if divided != nil { inputs.close() } }
            try perform(tasks, stage: isLast ? "writing" : "measuring", areParts: divided != nil)
            if stageName == nil {
                count(tasks)
                found = counters.take()
            }
            if let divided { try exchange(divided, tasks, &found) }
        }
        note(found.map { ($0.key, $0.value) })
        for (tensor, finish) in finishes {
            guard let divided, !divided.tells(tensor) else {
                try finish(self)
                continue
            }
            // All ranks that have compared a tensor together know what came of it, and one tells the others.
            let before = statistics
            try finish(self)
            statistics = before
        }
        try finish(local, isShared: false)
        let unsound = Set(found.keys.map { graph.facts($0.tensor).name })
        let whole = divided.map { divided in unit.filter(divided.tells) } ?? unit
        for case let write as OutputWrite in work {
            let slots = outputs[write.number].slots
            try written?(write.number, whole.filter { slots[$0] != nil && !unsound.contains(graph.facts($0).name) })
        }
    }
}

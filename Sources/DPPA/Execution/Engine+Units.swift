import DPPACheckpoint
import DPPAExpression

/// What goes through the passes of an epoch together.
extension Engine {
    /// The tensors that go through the passes of an epoch together, for some ranks to share.
    func units(
        _ epoch: Int, _ schedule: Schedule, _ outputs: [Output], ranks: Int = 1
    ) -> [[TensorID]] {
        var involved: Set<TensorID> = []
        for (stage, work) in schedule.work where stage.epoch == epoch {
            for item in work { involved.formUnion(schedule.needs.tensors(of: item, graph, outputs)) }
        }
        for (stage, nodes) in schedule.coarse where stage.epoch == epoch && stage.pass > 0 {
            for node in nodes { involved.formUnion(schedule.needs.tensors(of: node, among: graph.tensors(of: node))) }
        }
        // Tensors of one name by their numbers, or ranks would not have the same units.
        let sorted = involved.map { (tensor: $0, name: graph.name($0)) }.sorted { first, second in
            first.name == second.name
                ? first.tensor.index < second.tensor.index : Graph.precedes(first.name, second.name)
        }.map(\.tensor)
        guard schedule.layerEpochs.contains(epoch) else { return gathered(sorted, ranks) }
        var layers: [Int: Int] = [:]
        var units: [[TensorID]] = []
        for tensor in sorted {
            guard let layer = graph.layerKey(tensor) else {
                if let other = units.last?.last, graph.name(other) == graph.name(tensor) {
                    units[units.count - 1].append(tensor)
                } else {
                    units.append([tensor])
                }
                continue
            }
            if let unit = layers[layer] {
                units[unit].append(tensor)
            } else {
                layers[layer] = units.count
                units.append([tensor])
            }
        }
        return units
    }

    /// Tensors of their own, the small ones together: every pass over a unit makes the threads wait for each other.
    ///
    /// Ranks get several units each, so that none has much more than another.
    private func gathered(_ tensors: [TensorID], _ ranks: Int) -> [[TensorID]] {
        let share = tensors.reduce(0) { $0 + graph.numel($1) } / (8 * ranks)
        let smallest = ranks == 1 ? 1 << 22 : min(1 << 22, share)
        var units: [[TensorID]] = []
        var (size, last) = (0, "")
        for tensor in tensors {
            let (count, name) = (graph.numel(tensor), graph.name(tensor))
            // What one name has of several shapes is computed of each other.
            if units.isEmpty || size + count > smallest && name != last {
                units.append([])
                size = 0
            }
            last = name
            units[units.count - 1].append(tensor)
            size += count
        }
        return units
    }
}

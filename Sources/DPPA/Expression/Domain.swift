import DPPACheckpoint
import DPPASupport

/// A selection of tensors, in bytewise order of their names.
public struct Domain: Sendable {
    /// The members in bytewise order of their names.
    public let tensors: [TensorID]
    let members: Set<TensorID>

    init(sorted tensors: [TensorID]) {
        self.tensors = tensors
        members = Set(tensors)
    }

    package func contains(_ tensor: TensorID) -> Bool { members.contains(tensor) }
}

extension Graph {
    /// The facts of a tensor.
    public func facts(_ tensor: TensorID) -> TensorFacts { tensors[tensor.index] }

    /// The name alone, for loops over many tensors: copying all facts takes longer than most of what is done with them.
    package func name(_ tensor: TensorID) -> String { tensors[tensor.index].name }

    /// The number of elements, likewise.
    package func numel(_ tensor: TensorID) -> Int { tensors[tensor.index].numel }

    /// The facts of a tensor by its name and shape; nil where the graph has none of these.
    package func facts(named name: String, shape: [Int]) -> TensorFacts? {
        tensorsByName[name, default: []].lazy.map(facts).first { $0.shape == shape }
    }

    /// How many tensors there are; their numbers are below.
    package var tensorCount: Int { tensors.count }

    /// The tensor of a number; nil where there are not so many.
    package func tensor(number: Int) -> TensorID? { tensors.indices.contains(number) ? TensorID(index: number) : nil }

    /// The selection behind an identity.
    public func domain(_ id: DomainID) -> Domain { domains[id.index] }

    /// The selection of a node; nil for a number that holds everywhere.
    public func domain(of node: NodeID) -> Domain? { self[node].domain.map(domain) }

    /// The tensors of a node's selection, in name order; none for a number that holds everywhere.
    package func tensors(of node: NodeID) -> [TensorID] { domain(of: node)?.tensors ?? [] }

    /// The tensor of a name in a node's selection, by bisection.
    package func tensor(_ name: String, of node: NodeID) -> TensorID? {
        let all = tensors(of: node)
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if Graph.precedes(facts(all[middle]).name, name) { low = middle + 1 } else { high = middle }
        }
        return low < all.count && facts(all[low]).name == name ? all[low] : nil
    }

    /// Whether a tensor is in a node's selection; none is for a number that holds everywhere.
    package func selects(_ node: NodeID, _ tensor: TensorID) -> Bool { domain(of: node)?.contains(tensor) ?? false }

    /// Whether a node is a delta that the tensor does not have, which changes nothing there.
    package func isAbsent(_ id: NodeID, on tensor: TensorID) -> Bool {
        let node = self[id]
        guard node.space == .delta, node.scope != .model, node.domain != nil else { return false }
        return !selects(id, tensor)
    }

    /// The layers of the graph's tensors are numbered; nil outside every block.
    package func layerKey(_ tensor: TensorID) -> Int? { layerOfTensor[tensor.index] }

    /// Which instance of a scope a tensor belongs to; nil if it belongs to none.
    package func instance(of tensor: TensorID, at scope: Scope) -> Int? {
        switch scope {
        case .element, .row, .column, .tensor: tensor.index
        case .layer: layerKey(tensor)
        case .group(let grouping): groupings[grouping.index][tensor]
        case .model: 0
        }
    }

    /// Interns a tensor; one name may stand for several shapes, which never join.
    func intern(_ facts: TensorFacts) -> TensorID {
        for known in tensorsByName[facts.name] ?? [] where tensors[known.index].shape == facts.shape { return known }
        let id = TensorID(index: tensors.count)
        tensors.append(facts)
        tensorsByName[facts.name, default: []].append(id)
        if let stack = facts.stack, let layer = facts.layer {
            let name = LayerName(stack: stack, layer: layer)
            if layerKeys[name] == nil {
                layerKeys[name] = layerNames.count
                layerNames.append(name)
            }
            layerOfTensor.append(layerKeys[name])
        } else {
            layerOfTensor.append(nil)
        }
        return id
    }

    /// Interns a selection given in any order.
    func intern(_ members: [TensorID]) -> DomainID {
        let sorted = members.sorted { Graph.precedes(tensors[$0.index].name, tensors[$1.index].name) }
        if let known = domainIDs[sorted] { return known }
        let id = DomainID(index: domains.count)
        domains.append(Domain(sorted: sorted))
        domainIDs[sorted] = id
        return id
    }

    /// Bytewise order of names, which is the order of tensors everywhere.
    package static func precedes(_ a: String, _ b: String) -> Bool {
        a.precedes(b)
    }
}

/// A layer: the index of a block in its stack.
package struct LayerName: Hashable, Sendable {
    package let stack: String
    package let layer: Int
}

import DPPAExpression
import DPPASupport

extension Graph {
    /// A state that the engine's own rules exclude, told with the node and the tensor where it shows: an error, never a
    /// number that looks like a result.
    package func fault(_ what: String, _ node: NodeID, _ tensor: TensorID? = nil) -> DPPAError {
        let place = tensor.map { " on \(facts($0).name)" } ?? ""
        return DPPAError(
            .internalFault, "\(what): node \(node.index), `\(formula(node, depth: 2))`\(place)",
            notes: ["this is a fault of dppa-run, not of the recipe: please report it with the recipe"],
            location: self[node].location)
    }
}

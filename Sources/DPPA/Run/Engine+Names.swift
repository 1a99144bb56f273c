import DPPAExecution
import DPPAExpression

extension Engine {
    /// The numbers of a coarse node by the names of their instances, such as tensors; none of elements, rows and columns.
    func namedValues(_ node: NodeID) throws -> [String: Double] {
        Dictionary((try values(node) ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

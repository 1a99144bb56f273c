import DPPAExpression

/// Work that needs the elements of tensors and is done in a pass over them.
///
/// Equal works are one. A kind of work is one file: what it reads, what takes the values (`TileSink`), and what is stored
/// when the pass is over.
package protocol PassWork: Hashable, Sendable {
    /// The node whose values it takes, on the tensors of its selection.
    var x: NodeID { get }
    /// The node on whose tensors it is done, where not all are needed: `x`, unless it ends on each tensor with a value of another.
    var subject: NodeID { get }
    /// The nodes whose values the pass makes for it, `x` first.
    var operands: [NodeID] { get }
    /// The nodes that must be numbers by the time the pass begins, besides what the operands are made of.
    var givens: [NodeID] { get }
    /// Whether ranks can do it on parts of a tensor and put together what they have found; then its sinks are `DivisibleSink`s.
    var isDivisible: Bool { get }
    /// What is computed, as maths or as words, for `plan`.
    func words(_ graph: Graph) -> String
    /// The tensors that it concerns.
    func tensors(_ graph: Graph, _ outputs: [Engine.Output]) -> [TensorID]
    /// Adds to a pass over a tensor what takes the values; called once a tensor, by one thread, before the pass.
    func join(_ pass: inout TensorPass) throws
}

extension PassWork {
    package var subject: NodeID { x }
    package var operands: [NodeID] { [x] }
    package var givens: [NodeID] { [] }
    package var isDivisible: Bool { false }
    package func tensors(_ graph: Graph, _ outputs: [Engine.Output]) -> [TensorID] { graph.tensors(of: x) }

    /// Whether some other work is the same.
    func equals(_ other: any PassWork) -> Bool { other as? Self == self }
}

/// Work for the order statistic of a `cut` or `kth` node.
protocol OrderWork: PassWork {
    /// How many are wanted, or which.
    var amount: NodeID { get }
}

extension OrderWork {
    package var givens: [NodeID] { [amount] }
    package func words(_ graph: Graph) -> String { "order of \(graph.formula(x, depth: 4))" }
}

extension Node {
    /// The work that a reducing node needs whose operand is made tile by tile.
    func work(_ id: NodeID, _ graph: Graph) -> [any PassWork] {
        switch operation {
        case .reduce(_, let x, let y) where graph[x].scope == .row: [x, y].compactMap(\.self).map(RowValues.init)
        case .cut(let x, _, _) where graph[x].scope == .row: [RowValues(x: x)]
        case .kth(let x, _) where graph[x].scope == .row: [RowValues(x: x)]
        case .reduce(let op, let x, let y) where scope == .column: [ColumnSums(op: op.accumulated, x: x, y: y)]
        case .reduce(let op, let x, let y): [LeafSums(op: op.accumulated, x: x, y: y)]
        case .cut(let x, let amount, _), .kth(let x, let amount):
            scope == .column
                ? [ColumnOrder(node: id, x: x, amount: amount)] : [OrderScan(node: id, x: x, amount: amount)]
        default: []
        }
    }
}

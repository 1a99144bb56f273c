import DPPAExpression
import DPPAKernels
import DPPASupport

/// Finds the order statistic of a `cut` or `kth` node for each column: the whole tensor is in memory, column by column.
package struct ColumnOrder: OrderWork {
    package var node: NodeID
    package var x: NodeID
    /// How many are wanted, or which.
    package var amount: NodeID

    package var subject: NodeID { node }

    package func join(_ pass: inout TensorPass) throws {
        guard pass.graph.selects(node, pass.tensor) else { return }
        // Even no row at all has a threshold and a last row for every column.
        try pass.requireRoom(16 * pass.facts.rowLength)
        let (node, tensor) = (node, pass.tensor)
        let values: Buffer<Float> = try pass.room(pass.facts.numel)
        if pass.facts.numel > 0 { pass.attach(CollectionSink(values), [try pass.elements(x)]) }
        pass.afterwards { try $0.orderColumns(node, tensor, values) }
    }
}

extension Engine {
    /// Stores the cut or order statistic of every column of a tensor.
    fileprivate func orderColumns(_ id: NodeID, _ tensor: TensorID, _ values: Buffer<Float>) throws {
        let facts = graph.facts(tensor)
        let (rows, columns) = (facts.rowCount, facts.rowLength)
        var thresholds = [Double](repeating: .infinity, count: columns)
        var lastRows = [Double](repeating: -1, count: columns)
        var keys: [(key: UInt32, row: Int)] = []
        for column in 0..<columns where rows > 0 {
            keys.removeAll(keepingCapacity: true)
            switch graph[id].operation {
            case .cut(_, let share, let isCount):
                for row in 0..<rows {
                    let key = OrderKey.largest(values.pointer[row * columns + column])
                    if key > 0 { keys.append((key, row)) }
                }
                let wanted = Order.wanted(try coarse.value(share, tensor, column), isCount, of: rows)
                guard min(wanted, keys.count) > 0 else { continue }
                keys.sort { $0.key > $1.key || ($0.key == $1.key && $0.row < $1.row) }
                let last = keys[min(wanted, keys.count) - 1]
                thresholds[column] = Double(OrderKey.value(last.key))
                lastRows[column] = Double(last.row)
            case .kth(_, let index):
                for row in 0..<rows { keys.append((OrderKey.ascending(values.pointer[row * columns + column]), row)) }
                keys.sort { $0.key < $1.key }
                let place = Order.index(try coarse.value(index, tensor, column), of: rows)
                thresholds[column] = Double(OrderKey.value(keys[place].key))
            default: throw graph.fault("this has no order", id, tensor)
            }
        }
        if case .kth = graph[id].operation {
            store.set(id, tensor.index, rows == 0 ? thresholds.map { _ in CoarseArithmetic.ofNothing } : thresholds)
        } else {
            store.set(id, tensor.index, ColumnCut(thresholds: thresholds, lastRows: lastRows))
        }
    }
}

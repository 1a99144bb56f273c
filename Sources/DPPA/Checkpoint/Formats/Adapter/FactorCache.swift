import DPPASupport
import Synchronization

/// A matrix of an adapter, as a product wants it.
struct Factor: Sendable {
    let source: any TensorSource
    /// Whether rows and columns change places.
    let isTransposed: Bool

    /// The dimensions as they are wanted; further ones of a convolution count as columns.
    var rows: Int { isTransposed ? stored.columns : stored.rows }
    var columns: Int { isTransposed ? stored.rows : stored.columns }

    private var stored: (rows: Int, columns: Int) {
        let rows = source.shape.first ?? 1
        return (rows, rows == 0 ? 0 : source.shape.reduce(1, *) / rows)
    }

    /// The elements in float32, row-major.
    func floats() throws -> Buffer<Float> {
        let plain = try source.floats()
        guard isTransposed else { return plain }
        let (from, turned) = (stored, Buffer<Float>(plain.count))
        for row in 0..<from.rows {
            for column in 0..<from.columns {
                turned.pointer[column * from.rows + row] = plain.pointer[row * from.columns + column]
            }
        }
        return turned
    }
}

/// The factors of an adapter that were used last, in float32: threads work on one tensor at a time, in pieces much smaller than
/// its factors.
final class FactorCache: Sendable {
    private struct Entry {
        var name: String
        var floats: Buffer<Float>
    }

    private let entries = Mutex<[Entry]>([])
    /// Two factors for each of two tensors, as one ends while the next begins.
    private static let size = 4

    /// The elements of a factor, which the name stands for.
    func floats(_ factor: Factor, _ name: String) throws -> Buffer<Float> {
        if let known = entries.withLock({ entries in entries.first { $0.name == name } }) { return known.floats }
        let floats = try factor.floats()
        entries.withLock { entries in
            if entries.contains(where: { $0.name == name }) { return }
            entries.insert(Entry(name: name, floats: floats), at: 0)
            entries = Array(entries.prefix(Self.size))
        }
        return floats
    }
}

import DPPAExpression
import DPPASupport

/// Results of passes on their way from rank to rank: nodes by their numbers, works by their places in the schedule.
struct CoarseEntryCoder {
    private var places: [AnyHashable: Int] = [:]
    private let works: [any PassWork]

    /// A coder for the works of an epoch.
    init(_ epoch: Int, _ schedule: Schedule) {
        works = schedule.work(in: epoch)
        for (place, item) in works.enumerated() { places[AnyHashable(item)] = place }
    }

    private enum Kind: UInt8 { case none, scalar, vector, cut, columnCut, sums, columnSums, rowValues }

    func put(_ entry: CoarseEntry, into message: inout Message) throws {
        func head(_ kind: Kind, _ node: NodeID, _ instance: Int = 0) {
            message.put(kind.rawValue)
            message.put(Int(node.index))
            message.put(instance)
        }
        func head(_ kind: Kind, _ work: some PassWork, _ tensor: Int) throws {
            guard let place = places[AnyHashable(work)] else {
                throw DPPAError(.internalFault, "a pass has done what its schedule does not have")
            }
            message.put(kind.rawValue)
            message.put(place)
            message.put(tensor)
        }
        switch entry {
        case .none(let node): head(.none, node)
        case .scalar(let node, let instance, let value):
            head(.scalar, node, instance)
            message.put(value)
        case .vector(let node, let tensor, let values):
            head(.vector, node, tensor)
            message.put(values)
        case .cut(let node, let instance, let cut):
            head(.cut, node, instance)
            message.put(cut.threshold)
            message.put(cut.boundary)
            message.put(cut.last)
        case .columnCut(let node, let tensor, let cut):
            head(.columnCut, node, tensor)
            message.put(cut.thresholds)
            message.put(cut.lastRows)
        case .sums(let work, let tensor, let values):
            try head(.sums, work, tensor)
            message.put(values)
        case .columnSums(let work, let tensor, let values):
            try head(.columnSums, work, tensor)
            message.put(values)
        case .rowValues(let work, let tensor, let values):
            try head(.rowValues, work, tensor)
            message.put(values)
        }
    }

    func take(_ message: inout Message) throws -> CoarseEntry {
        guard let kind = Kind(rawValue: try message.take()) else { throw Self.unknown }
        let (number, instance): (Int, Int) = (try message.take(), try message.take())
        func work<Work>(_: Work.Type) throws -> Work {
            guard works.indices.contains(number), let work = works[number] as? Work else { throw Self.unknown }
            return work
        }
        let node = NodeID(index: Int32(truncatingIfNeeded: number))
        switch kind {
        case .none: return .none(node)
        case .scalar: return .scalar(node, instance, try message.take())
        case .vector: return .vector(node, instance, try message.takeList())
        case .cut:
            return .cut(
                node, instance,
                Cut(threshold: try message.take(), boundary: try message.takeText(), last: try message.take()))
        case .columnCut:
            return .columnCut(
                node, instance, ColumnCut(thresholds: try message.takeList(), lastRows: try message.takeList()))
        case .sums: return .sums(try work(LeafSums.self), instance, try message.takeList())
        case .columnSums: return .columnSums(try work(ColumnSums.self), instance, try message.takeList())
        case .rowValues: return .rowValues(try work(RowValues.self), instance, try message.takeList())
        }
    }

    private static var unknown: DPPAError { DPPAError(.internalFault, "another rank tells of an unknown result") }
}

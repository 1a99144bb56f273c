import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

/// The tensors of one written model: which are computed, which are copied, and in what type.
package struct OutputPlan {
    /// All tensors in name order.
    package private(set) var tensors: [CheckpointWriter.Tensor] = []
    /// Where each computed tensor goes.
    package private(set) var computed: [String: Engine.Output.Place] = [:]
    /// What is copied as it is: buffers, and tensors of integers and truth values.
    package private(set) var carried: [(index: Int, source: any TensorSource)] = []

    /// The bytes of all tensors.
    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// Plans a result.
    ///
    /// Throws when models disagree on a tensor that can only be copied.
    package init(_ graph: Graph, _ result: MergeResult, _ models: ResultModels, dtype: DType?) throws {
        let config = models.config
        var entries: [(facts: TensorFacts, dtype: DType, source: (any TensorSource)?)] = []
        let all = graph.tensors(of: result.node).map(graph.facts)
        let types = try OutputTypes(result, config: config, wished: dtype, all)
        var slices: [String: [(name: String, place: StackPlace)]] = [:]
        for facts in all {
            guard let place = config.stackPlaces[facts.name] else {
                entries.append((facts, try types.type(of: facts.name), nil))
                continue
            }
            slices[place.stack, default: []].append((facts.name, place))
        }
        for (stack, parts) in slices {
            let wanted = config.stackPlaces.values.count { $0.stack == stack }
            let (facts, dtype) = try OutputPlan.stack(stack, parts, of: wanted, types)
            entries.append((facts, dtype, nil))
        }
        for facts in config.carried {
            guard let source = config.source(facts.name) else { continue }
            // A buffer is the same in all models of a kind, but for its type and what rounding did to it.
            for other in models.read where other.space == .model && facts.role != "buffer" {
                guard let theirs = other.source(facts.name) else { continue }
                try OutputPlan.requireEqual(facts.name, source, config.label, theirs, other.label)
            }
            entries.append((facts, source.dtype, source))
        }
        entries.sort { Graph.precedes($0.facts.name, $1.facts.name) }
        for (index, entry) in entries.enumerated() {
            tensors.append(
                CheckpointWriter.Tensor(name: entry.facts.name, shape: entry.facts.shape, dtype: entry.dtype))
            if let source = entry.source {
                carried.append((index, source))
            } else if let parts = slices[entry.facts.name] {
                for part in parts {
                    computed[part.name] = .init(index: index, dtype: entry.dtype, start: part.place.start)
                }
            } else {
                computed[entry.facts.name] = .init(index: index, dtype: entry.dtype)
            }
        }
    }

    /// Copies the carried tensors.
    package func copyCarried(to writer: CheckpointWriter) throws {
        for (index, source) in carried {
            let count = source.shape.reduce(1, *)
            try OutputPlan.pieces(count) { range in
                let bytes = Buffer<UInt8>(range.count * source.dtype.byteSize)
                try source.load(range, into: bytes.pointer)
                try writer.write(
                    tensor: index, byteOffset: range.lowerBound * source.dtype.byteSize,
                    UnsafeRawBufferPointer(start: bytes.pointer, count: bytes.count))
            }
        }
    }

    /// The stack that slices are written as.
    ///
    /// Throws `data` unless all of its slices are there, in one type.
    private static func stack(
        _ name: String, _ parts: [(name: String, place: StackPlace)], of wanted: Int, _ types: OutputTypes
    ) throws -> (TensorFacts, DType) {
        let shape = parts[0].place.shape
        guard parts.count == wanted else {
            throw DPPAError(
                .data, "\(name.shown) is one tensor of \(wanted) matrices, and the result has \(parts.count) of them",
                notes: ["save all matrices of a stack, or none"])
        }
        let dtype = try types.type(of: parts[0].name)
        if let other = try parts.first(where: { try types.type(of: $0.name) != dtype }) {
            throw DPPAError(
                .data,
                "types: \(other.name.shown) and \(parts[0].name.shown) are parts of \(name.shown), which has one type")
        }
        return (TensorFacts(name: name, shape: shape), dtype)
    }

    private static func requireEqual(
        _ name: String, _ a: any TensorSource, _ first: String, _ b: any TensorSource, _ second: String
    ) throws {
        guard try !a.hasBytes(of: b) else { return }
        throw DPPAError(
            .data,
            "\(name) (\(a.dtype.rawValue)) differs between \(first) and \(second), and only floating-point "
                + "tensors can be merged",
            notes: ["models with different integer tensors do not fit each other"])
    }

    private static func pieces(_ count: Int, _ body: (Range<Int>) throws -> Void) rethrows {
        for start in stride(from: 0, to: count, by: 1 << 18) { try body(start..<min(count, start + 1 << 18)) }
    }
}

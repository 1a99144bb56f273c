import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// The new tensors of a block on several ranks.
extension LayerwiseCalibration {
    /// Elements that are told at a time.
    private static let toldElements = 1 << 24

    /// Builds the tensors that a rule has made.
    ///
    /// Where whole matrices are computed for them, a tensor is one rank's, which tells the others in the type that it would be written
    /// in; what goes element by element or row by row each rank builds for itself, faster than a network would bring it.
    func build(_ names: [String], of result: NodeID, _ subject: EvaluationSubject) throws -> [Buffer<Float>] {
        let (engine, ranks) = (evaluator.engine, evaluator.engine.ranks)
        func made(_ names: [String]) throws -> [Buffer<Float>] {
            guard !names.isEmpty else { return [] }
            return try engine.materialize([result], names.map { Engine.Wanted($0) }, dtype: subject.dtype)[0]
        }
        let graph = engine.graph
        let hasMatrices = graph.reachable(from: [result]).contains { node in
            if case .matrix = graph[node].operation { true } else { false }
        }
        guard !ranks.isAlone, hasMatrices else { return try made(names) }
        let shapes = names.map { subject.facts[$0]?.shape ?? [] }
        // A decomposition or an inverse takes the third power.
        let owners = Deal.ranks(shapes.map { $0.reduce(1, *) * ($0.max() ?? 1) }, among: ranks.size)
        let own = zip(names, owners).compactMap { $1 == ranks.rank ? $0 : nil }
        let tensors = Dictionary(zip(own, try made(own)), uniquingKeysWith: { first, _ in first })
        return try zip(names, zip(shapes, owners)).map { name, place in
            let (count, dtype) = (place.0.reduce(1, *), subject.dtype(name))
            let values = tensors[name] ?? Buffer<Float>(count)
            for first in stride(from: 0, to: count, by: Self.toldElements) {
                let part = min(Self.toldElements, count - first)
                var message = Message()
                if tensors[name] != nil {
                    let encoded = Buffer<UInt8>(part * dtype.byteSize)
                    DTypeConversion.encode(values.pointer + first, as: dtype, into: encoded.pointer, count: part)
                    message.put(UnsafePointer(encoded.pointer), count: encoded.count)
                }
                message = try ranks.share(message)[place.1]
                guard tensors[name] == nil else { continue }
                let encoded: [UInt8] = try message.takeList()
                guard encoded.count == part * dtype.byteSize else {
                    throw DPPAError(.internalFault, "another rank tells of a tensor of another size")
                }
                encoded.withUnsafeBytes { bytes in
                    guard let start = bytes.baseAddress else { return }
                    DTypeConversion.decode(start, as: dtype, into: values.pointer + first, count: part)
                }
            }
            return values
        }
    }
}

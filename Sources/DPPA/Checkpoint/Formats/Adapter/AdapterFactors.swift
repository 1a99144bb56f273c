import DPPAKernels
import DPPASupport

/// The thin matrices of an adapter's linears as tensors of their own, under the names of the base's.
///
/// ΔW = scale · up · down, up m × r and down r × n, as the base keeps W.
package struct AdapterFactors: Sendable {
    package let up, down: OpenModel
    /// The scale of each matrix, by name.
    package let scales: [String: Double]

    /// Nil for a model that is no adapter, or has nothing but differences.
    package init?(_ model: OpenModel) {
        guard model.space == .delta else { return nil }
        var scales: [String: Double] = [:]
        var (ups, downs): ([OpenModel.Tensor], [OpenModel.Tensor]) = ([], [])
        for tensor in model.tensors {
            guard let source = tensor.source as? LowRankSource, source.shape.count == 2 else { continue }
            scales[tensor.facts.name] = source.scale
            let (left, right) = (FactorSource(source.left), FactorSource(source.right))
            ups.append(OpenModel.Tensor(facts: tensor.facts.reshaped(left.shape), source: left))
            downs.append(OpenModel.Tensor(facts: tensor.facts.reshaped(right.shape), source: right))
        }
        guard !scales.isEmpty else { return nil }
        self.scales = scales
        (up, down) = (model.part(ups, "left factors"), model.part(downs, "right factors"))
    }
}

extension OpenModel {
    /// Whether nothing is read for a tensor because its delta is zero.
    package func isZero(_ name: String) -> Bool { source(name) is ZeroSource }

    /// The rank of an adapter's factors of a tensor; nil where there are none.
    package func rank(of name: String) -> Int? {
        let source = source(name)
        return (source as? LowRankSource ?? (source as? MagnitudeSource)?.change)?.right.rows
    }

    fileprivate func part(_ tensors: [Tensor], _ word: String) -> OpenModel {
        replacing(
            tensors, identity: "\(identity) (\(word))", config: .some(nil),
            stamps: [Fingerprint.of(Array(word.utf8))])
    }
}

/// A factor as a tensor, the way round that products want it.
private struct FactorSource: TensorSource {
    let factor: Factor
    var shape: [Int] { [factor.rows, factor.columns] }
    var dtype: DType { factor.isTransposed ? .f32 : factor.source.dtype }

    init(_ factor: Factor) { self.factor = factor }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard factor.isTransposed else { return try factor.source.load(elements, into: buffer) }
        let values = try factor.floats()
        withExtendedLifetime(values) {
            buffer.copyMemory(from: values.pointer + elements.lowerBound, byteCount: elements.count * 4)
        }
    }

    func bytesRead(_ elements: Int) -> Int { factor.source.bytesRead(elements) }
}

import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// What was measured of inputs as tensors under the names of the weights: vectors with a number for each input, or a square matrix.
package struct InputTensors {
    /// What is told of inputs.
    package enum Statistic: String, CaseIterable, Sendable {
        /// √(Σ x² / samples), a sample being one sequence.
        case norm
        /// The mean over the tokens.
        case mean
        /// The variance over the tokens, by their number.
        case variance
        /// Σ x xᵀ / tokens.
        case covariance
    }

    package let model: OpenModel
    private let held: [HeldValues]

    /// The tensors of a statistic; `facts` are those of the weights by name, `identity` is what tells the model from others.
    package init(
        _ statistic: Statistic, _ inputs: [MeasuredInputs], samples: Int, facts: [String: TensorFacts], label: String,
        identity: String
    ) {
        var (held, tensors): ([HeldValues], [(facts: TensorFacts, source: any TensorSource)]) = ([], [])
        for input in inputs {
            guard let weight = facts[input.linear.name] else { continue }
            let width = input.linear.inputs
            let shape = statistic == .covariance ? [width, width] : [width]
            let values = HeldValues(input.sums.flatMap { Self.values(statistic, $0, samples: samples) })
            held.append(values)
            tensors.append((facts: weight.reshaped(shape), source: HeldSource(shape: shape, held: values)))
        }
        self.held = held
        // Numbers of no model: nothing starts from them.
        model = OpenModel(label: label, path: identity, space: .delta, tensors: tensors)
    }

    /// Gives the memory back; who reads the tensors after that gets an error.
    package func release() { for values in held { values.values = nil } }

    private static func values(_ statistic: Statistic, _ sums: InputSums, samples: Int) -> Buffer<Float>? {
        switch statistic {
        case .norm: sums.norms(samples: samples)
        case .mean: sums.means
        case .variance: sums.variances
        case .covariance: sums.takeCovariance()
        }
    }
}

/// Numbers in memory that may be given back.
private final class HeldValues: @unchecked Sendable {
    /// Changed between passes alone.
    var values: Buffer<Float>?
    init(_ values: Buffer<Float>?) { self.values = values }
}

/// Such numbers as a tensor.
private struct HeldSource: TensorSource {
    let shape: [Int]
    let held: HeldValues
    var dtype: DType { .f32 }

    func bytesRead(_ elements: Int) -> Int { 0 }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard let values = held.values else {
            throw DPPAError(
                .data, "the covariance of a block's inputs is read outside of the rule of layerwise",
                notes: ["dppa.activations(model, data, { covariance = true }) keeps it"])
        }
        buffer.copyMemory(from: values.pointer + elements.lowerBound, byteCount: elements.count * 4)
    }
}

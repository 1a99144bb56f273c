import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// Tensors of a written model of which rounding takes back every change.
extension RunRecord.Deltas {
    /// Those tensors, in name order; of a result that adds deltas to no base none, as nothing was asked of one.
    public var lostTensors: [DeltaStatistics.Tensor] {
        isBase ? statistics.tensors.filter { $0.lost != nil } : []
    }

    /// Throws `data` when such a tensor is a matrix of a linear module; norms and biases lose small steps as a rule.
    func requireSurvivors(in output: String?) throws {
        let matrices = lostTensors.filter(\.facts.isLinear)
        guard let tensor = matrices.first, let lost = tensor.lost else { return }
        let others = matrices.count > 1 ? " and in \(Phrase.counted(matrices.count - 1, "other tensor"))" : ""
        throw DPPAError(
            .data,
            "nothing of what \(output.map { "the model \($0.shown)" } ?? "the recipe") changes in \(tensor.facts.name.shown)"
                + "\(others) survives rounding to \(tensor.dtype.rawValue)",
            notes: [
                "the largest of \(Phrase.counted(lost.changed, "change")) is \(lost.largest), beside a weight of "
                    + "\(lost.beside), where numbers of that type lie \(tensor.dtype.spacing(at: lost.beside)) apart",
                "write --dtype f32, or take a larger factor; --allow-lost writes the model as it is",
            ])
    }
}

extension DType {
    /// How far apart its numbers lie at a magnitude.
    fileprivate func spacing(at magnitude: Float) -> Float {
        let limits: (bits: Int, least: Int) =
            switch self {
            case .bf16: (7, -126)
            case .f16: (10, -14)
            case .f8E4M3: (3, -6)
            case .f8E5M2: (2, -14)
            default: (23, -126)
            }
        let exponent = magnitude.isNormal ? max(Int(magnitude.exponent), limits.least) : limits.least
        return Float(sign: .plus, exponent: exponent - limits.bits, significand: 1)
    }
}

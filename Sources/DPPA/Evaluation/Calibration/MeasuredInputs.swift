import DPPAExecution
import DPPAExpression
import DPPAKernels

/// What was measured of the inputs of a linear.
package struct MeasuredInputs: Sendable {
    package let linear: CalibratedLinear
    /// Nil where nothing has been read.
    package let sums: InputSums?
}

/// How inputs are measured.
package struct CalibrationOptions: Sendable, Hashable {
    package var text: CalibrationText.Options
    /// Whether products of inputs with each other are measured.
    package var hasCovariance: Bool

    package init(text: CalibrationText.Options = .init(), hasCovariance: Bool = false) {
        (self.text, self.hasCovariance) = (text, hasCovariance)
    }
}

extension Evaluator {
    /// The calibration text of a model: lines of a task as its tokens.
    ///
    /// Throws what running the model on it would throw before a weight is read.
    package func calibrationText(
        _ task: EvaluationTask, for model: NodeID, _ options: CalibrationText.Options
    ) throws -> CalibrationText {
        try CalibrationText(task, subject(model), encodings, options)
    }

    /// What a model's linears get as inputs on a text, all as they are in the model itself, by block in the order of use.
    ///
    /// `isDry` tells which linears there are and reads nothing.
    package func inputs(
        of model: NodeID, _ text: CalibrationText, _ options: CalibrationOptions, isDry: Bool
    ) throws -> [MeasuredInputs] {
        let subject = try subject(model)
        let linears = subject.network.linears { subject.facts[$0]?.isLinear ?? false }
        guard !isDry else { return linears.joined().map { MeasuredInputs(linear: $0, sums: nil) } }
        try MatrixProduct.prepare()
        return try engine.staged("calibrating", bytes: subject.bytes) {
            let sizes = linears.joined().map { InputSums.bytes(width: $0.inputs, hasProducts: options.hasCovariance) }
            let run = try CalibrationRun(
                self, model, start: model, text, subject, hasProducts: options.hasCovariance,
                reserved: sizes.reduce(0, +))
            var found: [MeasuredInputs] = []
            for layer in linears.indices {
                let sums = try run.inputs(of: layer, advances: true)
                found += linears[layer].map { MeasuredInputs(linear: $0, sums: sums[$0.name]) }
            }
            return found
        }
    }
}

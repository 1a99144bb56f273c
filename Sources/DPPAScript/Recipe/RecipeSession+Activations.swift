import DPPA

/// What is told of the inputs of linears.
struct ToldInputs {
    var nodes: [InputTensors.Statistic: NodeID]
    var tokens: Int
    var samples: Int
    /// The weights that are stored as inputs × outputs.
    var transposed: [String]
}

/// A result that is made block by block, with what its present block holds.
final class LayerwiseResult {
    let calibration: LayerwiseCalibration
    /// What tells it from others in this run.
    let number: Int
    var held: [InputTensors] = []

    init(_ calibration: LayerwiseCalibration, number: Int) { (self.calibration, self.number) = (calibration, number) }
}

/// Running models on calibration texts while the recipe waits.
extension RecipeSession {
    /// What goes into the linears of a model on a text.
    func activations(_ model: NodeID, on path: String, _ options: CalibrationOptions) throws -> ToldInputs {
        try located {
            use([model])
            let evaluator = Evaluator(engine, dtype: dtype)
            let text = try evaluator.calibrationText(calibrationTask(path), for: model, options.text)
            // A search asks for the same again and again.
            var key = Fingerprint()
            key.add(GraphFingerprint(graph)(model))
            key.add(text.fingerprint)
            key.add(options.hasCovariance ? 1 : UInt8(0))
            if let known = knownInputs[key.value] { return known }
            let inputs = try evaluator.inputs(of: model, text, options, isDry: isDry)
            let found = try told(inputs, model, text, options, "inputs").told
            knownInputs[key.value] = found
            return found
        }
    }

    /// Begins a result that is made block by block; gives its number and how many blocks there are.
    func beginLayerwise(
        _ start: NodeID, _ sources: [(model: NodeID, path: String)], _ options: CalibrationOptions
    ) throws -> (number: Int, layers: Int) {
        try located {
            use([start] + sources.map(\.model))
            let evaluator = Evaluator(engine, dtype: dtype)
            let texts = try sources.map { source in
                LayerwiseCalibration.Source(
                    model: source.model,
                    text: try evaluator.calibrationText(
                        calibrationTask(source.path), for: source.model, options.text))
            }
            let calibration = try LayerwiseCalibration(evaluator, start: start, texts, options, isDry: isDry)
            layerwise.append(LayerwiseResult(calibration, number: layerwise.count))
            return (layerwise.count - 1, calibration.layerCount)
        }
    }

    /// The linears of a block and what goes into them, for each model.
    func inputs(of layer: Int, _ result: LayerwiseResult) throws -> [(part: NodeID, inputs: ToldInputs)] {
        try located {
            let calibration = result.calibration
            let names = Set(calibration.names(of: layer))
            let measured = try calibration.inputs(of: layer)
            return try zip(calibration.sources, measured).enumerated().map {
                index, pair -> (part: NodeID, inputs: ToldInputs) in
                let (source, inputs) = pair
                let words = "inputs of block \(layer) of result \(result.number), model \(index)"
                let (told, tensors) = try self.told(inputs, source.model, source.text, calibration.options, words)
                result.held += tensors
                return (try graph.restrict(source.model, "layerwise") { names.contains($0.name) }, told)
            }
        }
    }

    /// Takes what a rule has made of a block.
    func replace(_ layer: Int, with node: NodeID, _ result: LayerwiseResult) throws {
        try located {
            guard graph[node].space == .model, graph[node].scope == .element else {
                throw DPPAError(
                    .data, "layerwise: the rule must give weights; it gives a \(graph.describe(node))",
                    notes: ["values become weights by dppa.as_model(values, parts[1])"])
            }
            use([node])
            try result.calibration.replace(layer, with: node)
            for tensors in result.held { tensors.release() }
            result.held = []
        }
    }

    /// The finished model: what was made, and the rest of the model that it started from.
    func finish(_ result: LayerwiseResult) throws -> NodeID {
        try located {
            let start = result.calibration.start
            // What the rule has made is told by what was looked at.
            let fingerprint = GraphFingerprint(graph)
            var hash = Fingerprint()
            for node in [start] + result.calibration.sources.map(\.model) + looked { hash.add(fingerprint(node)) }
            for source in result.calibration.sources { hash.add(source.text.fingerprint) }
            let kept = result.calibration.finish(
                label: graph[start].label ?? graph.startingModel(of: start)?.label ?? "result",
                identity: "result \(result.number) made block by block \(hash)")
            let made = try graph.reinterpret(
                graph.shapedSource(kept, words: "layerwise(\(kept.label))"), as: .model)
            guard let rest = try graph.rest(of: start, without: [made]) else { return made }
            return try graph.branch([made, rest])
        }
    }

    /// Measured inputs as fields; of covariances the tensors as well, which may be given back.
    private func told(
        _ inputs: [MeasuredInputs], _ model: NodeID, _ text: CalibrationText, _ options: CalibrationOptions,
        _ words: String
    ) throws -> (told: ToldInputs, covariances: [InputTensors]) {
        let facts = Dictionary(
            graph.tensors(of: model).map { (graph.facts($0).name, graph.facts($0)) },
            uniquingKeysWith: { first, _ in first })
        let label = graph[model].label ?? graph.startingModel(of: model)?.label ?? "model"
        let silent = inputs.filter { $0.sums?.count == 0 }.map(\.linear.name)
        if let first = silent.first {
            warn(
                "warning: activations: no token of the text goes to \(Phrase.counted(silent.count, "linear")) of \(label), such as "
                    + "\(first.shown): their inputs count as zeros")
        }
        if let odd = inputs.first(where: { $0.sums?.isFinite == false })?.linear.name {
            throw DPPAError(
                .data, "activations: what goes into \(odd.shown) of \(label) is not finite",
                notes: ["dppa-run inspect and eval tell of infinities and NaNs in it"])
        }
        var hash = Fingerprint()
        hash.add(GraphFingerprint(graph)(model))
        hash.add(text.fingerprint)
        for input in inputs { if let sums = input.sums { hash.add(sums.fingerprint) } }
        var (nodes, covariances): ([InputTensors.Statistic: NodeID], [InputTensors]) = ([:], [])
        for statistic in InputTensors.Statistic.allCases where statistic != .covariance || options.hasCovariance {
            let tensors = InputTensors(
                statistic, inputs, samples: text.sequences.count, facts: facts, label: label,
                identity: "\(statistic.rawValue) of \(words) \(hash)")
            if statistic == .covariance { covariances.append(tensors) }
            nodes[statistic] = try graph.shapedSource(
                tensors.model, words: "\(statistic.rawValue)(\(label))")
        }
        return (
            ToldInputs(
                nodes: nodes, tokens: text.tokenCount, samples: text.sequences.count,
                transposed: inputs.filter(\.linear.isTransposed).map(\.linear.name)), covariances
        )
    }
}

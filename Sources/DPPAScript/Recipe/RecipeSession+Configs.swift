import DPPA

/// Whether the models of a result are one architecture that was trained alike, as their config.json tell.
extension RecipeSession {
    /// Compares every model of a result, and the one whose config.json it gets, with the model that it starts from.
    func compareConfigs(_ result: MergeResult) throws {
        guard let start = graph.startingModel(of: result.node) else { return }
        let models = Set(graph.models(of: result.node)).union([result.config].compactMap(\.self)).sorted()
        // What was computed of models has no config.json, and they are compared themselves.
        for model in models where !graph.isPart(model) || graph.models[model].config != nil {
            try compareConfigs(graph.models[model], start)
        }
    }

    /// Warns of what a model says otherwise than the one whose weights it is to be combined with; once for each pair.
    ///
    /// Throws `data` where weights of the one mean nothing in the other, unless the recipe says that they may.
    func compareConfigs(_ model: OpenModel, _ start: OpenModel) throws {
        let pair = [model.label, model.path, start.label, start.path]
        guard model.path != start.path, !compared.contains(pair) else { return }
        let comparison = ModelComparison(model, start)
        let (lines, refused) = (comparison.differences, comparison.refused)
        guard refused == 0 || looselyFitting.contains(model.path) else {
            throw DPPAError(
                .data, lines[0],
                notes: lines[1..<refused] + [
                    "if that is meant, say so: configs = \"warn\" in dppa.family or dppa.model, --set configs=warn for a recipe "
                        + "with dppa.inputs"
                ], location: graph.location)
        }
        var warnings = lines.map { "warning: " + $0 }
        if let others = comparison.others { warnings.append("note: " + others) }
        if let tokens = comparison.tokens { warnings.append("warning: " + tokens) }
        // What a model lacks is the other's, by the steps that tell of it.
        if let more = comparison.more { warnings.append("warning: " + more) }
        if let lacking = comparison.lacking { warnings.append("note: " + lacking) }
        if comparison.tokens != nil || comparison.more != nil {
            warnings.append(
                "note: vocabulary = \"union\" in dppa.family, --set vocabulary=union for a recipe with dppa.inputs, gives every "
                    + "model a row for each token of all, by its text")
        }
        for line in warnings { warn(line) }
        compared.insert(pair)
    }
}

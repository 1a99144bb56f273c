import DPPA

/// Saving models beside each other.
extension RecipeSession {
    /// Adds a model to what is written, where it and its small files are in nobody's way.
    func save(_ result: MergeResult, isPartial: Bool = false) throws {
        try add(result, isPartial: isPartial)
        do { try savedPlaces.add(result.name, files: smallFiles(result)) } catch var error as DPPAError {
            error.location = graph.location
            throw error
        }
    }

    /// The model whose chat template most of a result's models have; nil, with a warning, where none has one.
    func commonestTemplate(of node: NodeID) throws -> Int? {
        let read = graph.models(of: node).filter { !graph.isPart($0) && graph.models[$0].space == .model }
        if let place = try located({ try ChatTemplates.commonest(read.map { graph.models[$0] }) }) {
            return read[place]
        }
        warn("warning: chat_template = \"auto\": none of the models has a chat template")
        return nil
    }

    /// The small files that a model is written with, found once for all that have them of the same models.
    ///
    /// None where they do not fit together: whoever writes them says why.
    private func smallFiles(_ result: MergeResult) throws -> [String] {
        if graph.adapters[result.node] != nil { return ["adapter_config.json"] }
        let models = try ResultModels(graph, result)
        let key =
            [models.config, models.tokenizer, models.template].map(\.identity) + models.read.map(\.path).sorted()
            + [result.chatTemplateFile ?? "", result.chatTemplate == nil ? "" : "template"]
        if let known = smallFiles[key] { return known }
        let facts = graph.tensors(of: result.node).map(graph.facts)
        let found = (try? Sidecars(result, models, tensors: facts, dtype: result.dtype))?.names ?? []
        smallFiles[key] = found
        return found
    }
}

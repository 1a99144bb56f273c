import DPPACheckpoint
import DPPAExpression
import DPPASupport

/// The small files of a model beside its pack.
package enum PackFolder {
    /// The small files in which a model differs from its base, config.json among them, and those that one of them lacks; in
    /// order.
    ///
    /// Licences are not among them.
    package static func differingFiles(_ model: OpenModel, base: OpenModel) throws -> [String] {
        let names = Set(model.sidecarFiles).union(base.sidecarFiles)
        var differing = try names.filter { name in
            guard SidecarFile(name, hasCode: true) != .licence else { return false }
            let (own, other) = (model.sidecarFiles.contains(name), base.sidecarFiles.contains(name))
            guard own, other else { return own }
            return try Sidecars.contents(model.home + "/" + name) != Sidecars.contents(base.home + "/" + name)
        }
        if let config = model.config, config != base.config { differing.insert("config.json") }
        return differing.sorted()
    }

    /// Writes the small files of a model into a folder that holds its pack, and gives warnings.
    package static func write(_ model: OpenModel, to directory: String) throws -> [String] {
        let graph = Graph()
        let result = MergeResult(node: try graph.source(model))
        var sidecars = try Sidecars(
            result, ResultModels(read: [model], start: model, config: model, tokenizer: model, template: model),
            tensors: model.tensors.map(\.facts), dtype: nil)
        _ = try sidecars.write(to: directory, weights: model)
        return sidecars.notices
    }
}

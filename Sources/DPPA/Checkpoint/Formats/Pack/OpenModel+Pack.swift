extension OpenModel {
    /// What tells the model that a pack makes of this one from all others.
    func packedIdentity(_ path: String) -> String { identity + " + " + path }

    /// The tensors as a pack keeps them; nil for a model that none was opened for.
    package var packed: [PackedTensor]? {
        let packed = tensors.compactMap { $0.source as? PackedTensor }
        return packed.count == tensors.count && !packed.isEmpty ? packed : nil
    }
}

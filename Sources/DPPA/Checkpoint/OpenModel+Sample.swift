import DPPASupport

/// What tells one model from another without reading it whole.
extension OpenModel {
    /// A fingerprint of names, dtypes and shapes of all tensors, of config.json, and of `spots` places of `spotSize` bytes that
    /// are evenly spread over each tensor.
    ///
    /// A change of all weights, as every training makes, changes it; one of a few elements may not. Throws what reading
    /// throws.
    package func sampledDigest(spots: Int = 8, spotSize: Int = 64) throws -> UInt128 {
        var hash = Fingerprint()
        hash.add(config ?? "")
        var bytes = [UInt8](repeating: 0, count: spotSize)
        for tensor in tensors {
            let size = tensor.source.dtype.byteSize
            hash.add(tensor.facts.name)
            hash.add(tensor.source.dtype.rawValue)
            for dimension in tensor.facts.shape { hash.add(UInt64(dimension)) }
            let (count, length) = (tensor.facts.numel, min(spotSize / size, tensor.facts.numel))
            guard length > 0 else { continue }
            for spot in 0..<spots {
                let start = (count - length) * spot / max(1, spots - 1)
                try bytes.withUnsafeMutableBytes { buffer in
                    guard let pointer = buffer.baseAddress else { return }
                    try tensor.source.load(start..<start + length, into: pointer)
                }
                for byte in bytes.prefix(length * size) { hash.add(byte) }
            }
        }
        return hash.value
    }
}

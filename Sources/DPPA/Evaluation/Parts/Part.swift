/// A part of a block: what stands between a norm and the residual stream.
///
/// A part is data, the names and sizes of one layer's; `run` is what is computed with them, for whichever family.
protocol Part: Sendable {
    /// The tensors in the order of use; those of one list are needed at the same time.
    var tensors: [[ExpectedTensor]] { get }
    /// The linears, each part of a tensor that several share by itself.
    var linears: [Linear] { get }
    /// The floats of a token in `Activations.input`.
    var inputWidth: Int { get }
    /// The floats of a token in `Activations.inner`.
    var innerWidth: Int { get }
    /// The floats of a token's keys, and as many of its values, in a `KeyValueCache`.
    var cacheWidth: Int { get }
    /// The rotary embedding whose angles it reads from `Activations.angles`.
    var rotary: RotaryEmbedding? { get }

    /// Adds to `Activations.sum` what the part makes of `Activations.input`, for every candidate.
    func run(_ pass: ForwardPass, _ states: [Activations], layer: Int) throws
}

extension Part {
    var cacheWidth: Int { 0 }
    var rotary: RotaryEmbedding? { nil }
}

/// A part with its norms: `stream += after(part(before(stream)))`.
struct Branch: Sendable {
    var before: Norm
    var part: any Part
    /// The norm of the part's output; nil if it is added as it is.
    var after: Norm?

    var tensors: [[ExpectedTensor]] { [before.tensors] + part.tensors + [after?.tensors].compactMap { $0 } }
}

/// A tensor that an architecture calls for.
struct ExpectedTensor: Sendable {
    var name: String
    var shape: [Int]
}

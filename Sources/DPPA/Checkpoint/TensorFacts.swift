/// What is known of a tensor without reading its elements.
public struct TensorFacts: Sendable, Hashable {
    /// The name in the checkpoint.
    public var name: String
    /// The dimensions; an empty list is a scalar.
    public var shape: [Int]
    /// The repeated stack of blocks that the tensor belongs to, such as `model.layers`; nil outside every block.
    public var stack: String?
    /// The index of its block in the stack; nil outside every block.
    public var layer: Int?
    /// The block's place in its stack: 0 for the first, 1 for the last; nil outside every block.
    public var depth: Double?
    /// The module path inside the block (or from the root), without the parameter's own name: `self_attn.q_proj`.
    public var module: String
    /// The tensor's role: `q k v kv o qkv gate up down gate_up experts.… router embedding head norm bias buffer other`.
    public var role: String
    /// Whether it is the weight matrix of a linear module inside a block (what DPPA prunes).
    public var isLinear: Bool
    /// The number of elements.
    public let numel: Int

    /// The facts of a tensor, all given.
    public init(
        name: String, shape: [Int], stack: String? = nil, layer: Int? = nil, depth: Double? = nil,
        module: String = "", role: String = "other", isLinear: Bool = false
    ) {
        self.name = name
        self.shape = shape
        self.stack = stack
        self.layer = layer
        self.depth = depth
        self.module = module
        self.role = role
        self.isLinear = isLinear
        numel = shape.reduce(1, *)
    }

    /// The same tensor with other dimensions.
    package func reshaped(_ shape: [Int]) -> TensorFacts {
        TensorFacts(
            name: name, shape: shape, stack: stack, layer: layer, depth: depth, module: module, role: role,
            isLinear: isLinear)
    }

    /// The number of elements of the last dimension: the length of a row (1 for a scalar).
    public var rowLength: Int { shape.last ?? 1 }
    /// The number of rows: one for each index of all dimensions but the last; a vector is one row.
    public var rowCount: Int { shape.dropLast().reduce(1, *) }
}

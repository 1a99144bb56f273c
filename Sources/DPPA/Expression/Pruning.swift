import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// Pruning of whole matrices: patterns of consecutive inputs, and methods that change what stays.
extension Graph {
    /// The mask of the `kept` largest of each `group` consecutive elements of a row, among equals the first.
    ///
    /// Throws when rows are no multiple of a group.
    public func consecutive(_ x: NodeID, kept: Int, group: Int) throws -> NodeID {
        try requirePattern(kept, group, "n_of_m")
        let marks = try matrix(.consecutive(kept: kept, group: group), [x], "n_of_m") { shapes, facts in
            try self.requireMatrix(shapes[0], facts, "n_of_m")
            try self.requireGroups(shapes[0], facts, group, "n_of_m")
            return shapes[0]
        }
        return try binary(.greater, marks, constant(0))
    }

    /// A matrix pruned by SparseGPT: `products` are those of its inputs with each other, `sparsity` is the share that goes, a number
    /// for each tensor or for all, where there is no pattern.
    public func sparseGPT(
        _ x: NodeID, products: NodeID, sparsity: NodeID, _ options: SparseGPTOptions
    ) throws -> NodeID {
        if options.group > 0 {
            try requirePattern(options.kept, options.group, "sparsegpt")
            guard options.block % options.group == 0 else {
                throw mistake(
                    "sparsegpt: blocks of \(options.block) columns are cut inside groups of \(options.group)",
                    "block must be a multiple of the group")
            }
        }
        let share = try spread(number: sparsity, over: x, "sparsegpt: sparsity")
        return try matrix(.sparseGPT(options), [x, products, share], "sparsegpt") { shapes, facts in
            for shape in shapes { try self.requireMatrix(shape, facts, "sparsegpt") }
            try self.requireProducts(shapes, facts, "sparsegpt")
            if options.group > 0 { try self.requireGroups(shapes[0], facts, options.group, "sparsegpt") }
            return shapes[0]
        }
    }

    /// A mask of weights repaired by DSnoT; sums, variances and norms are vectors with a number for each input.
    public func dsnot(
        _ x: NodeID, kept: NodeID, sums: NodeID, variances: NodeID, norms: NodeID, _ options: DSnoTOptions
    ) throws -> NodeID {
        let mask = try self[kept].isMask ? select(kept, constant(1), constant(0)) : kept
        let marks = try matrix(.dsnot(options), [x, mask, sums, variances, norms], "dsnot") { shapes, facts in
            try self.requireMatrix(shapes[0], facts, "dsnot")
            guard shapes[1] == shapes[0] else {
                throw self.misfit("dsnot", Array(shapes.prefix(2)), facts, "the mask must be of the weights' shape")
            }
            for shape in shapes.dropFirst(2) where shape != [shapes[0][1]] {
                throw self.misfit(
                    "dsnot", [shapes[0], shape], facts,
                    "sums, variance and norm must be vectors with a number for each column of the weights")
            }
            return shapes[0]
        }
        return try binary(.greater, marks, constant(0))
    }

    /// The same by ALPS.
    public func alps(_ x: NodeID, products: NodeID, sparsity: NodeID, _ options: ALPSOptions) throws -> NodeID {
        if options.group > 0 { try requirePattern(options.kept, options.group, "alps") }
        let share = try spread(number: sparsity, over: x, "alps: sparsity")
        return try matrix(.alps(options), [x, products, share], "alps") { shapes, facts in
            for shape in shapes { try self.requireMatrix(shape, facts, "alps") }
            try self.requireProducts(shapes, facts, "alps")
            if options.group > 0 { try self.requireGroups(shapes[0], facts, options.group, "alps") }
            return shapes[0]
        }
    }

    /// A number for each tensor, or for all, at every element of another field.
    func spread(number: NodeID, over like: NodeID, _ what: String) throws -> NodeID {
        guard self[number].scope.isScalar else {
            throw mistake(
                "\(what) is a \(describe(number)); it must be one number for a tensor",
                "reduce it to 'tensor' or a coarser scope")
        }
        let zeros = try binary(.multiply, reinterpret(like, as: .value), constant(0))
        return try binary(.add, zeros, number)
    }

    /// Throws unless the second of some shapes is square, with a side for each input of the first.
    func requireProducts(_ shapes: [[Int]], _ facts: TensorFacts, _ what: String) throws {
        guard shapes[1] == [shapes[0][1], shapes[0][1]] else {
            throw misfit(
                what, Array(shapes.prefix(2)), facts,
                "the second must be square, with a row for each column of the first: the covariance of its inputs")
        }
    }

    private func requirePattern(_ kept: Int, _ group: Int, _ what: String) throws {
        guard group > 0, kept <= group else {
            throw mistake("\(what): \(kept) of \(group) cannot stay", "keep as many as a group has, or fewer")
        }
    }

    private func requireGroups(_ shape: [Int], _ facts: TensorFacts, _ group: Int, _ what: String) throws {
        guard shape[1] % group == 0 else {
            throw mistake(
                "\(what): \(facts.name) has \(shape[1]) inputs, which is no multiple of \(group)",
                "take another group, or leave the tensor out of the rule")
        }
    }
}

/// How `Graph.sparseGPT` prunes.
public typealias SparseGPTOptions = SparseGPT.Options

/// How `Graph.dsnot` repairs.
public typealias DSnoTOptions = DSnoT.Options

/// How `Graph.alps` prunes.
public typealias ALPSOptions = ALPS.Options

/// What tensor names tell: the stack and layer, the module, the role, whether it is a linear's weight.
///
/// By pattern, not by a table of architectures. A stack is what stands before the first number of a name that has a module
/// and a parameter behind it: `model.layers` in `model.layers.3.mlp.up_proj.weight`. A number with nothing but a parameter
/// behind it is a place in a sequence of plain modules (`merger.mlp.0.weight`), unless other names show a stack there. Later
/// numbers (experts, the sublayers of T5) stay in the module; their layer is the block's.
package enum TensorNaming {
    /// The facts of all tensors of a checkpoint; stacks, depths and routers are known from the other tensors' names.
    package static func facts(_ tensors: [(name: String, shape: [Int])]) -> [TensorFacts] {
        let names = tensors.map { tensor in
            tensor.name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .map { String(Substring($0)) }
        }
        let stacks = Set(names.compactMap { parts in blockNumber(parts, behind: 2).map { stack(parts, $0) } })
        var places = names.map { place($0, stacks) }
        let mixtures = Set(places.compactMap(mixture))
        for index in places.indices where places[index].module.last?.lowercased() == "gate" {
            places[index].isBesideExperts = mixtures.contains(site(places[index], places[index].module.dropLast()))
        }
        var last: [String: Int] = [:]
        for place in places {
            if let stack = place.stack, let layer = place.layer { last[stack] = max(last[stack] ?? 0, layer) }
        }
        // Blocks have the same modules, a mixture thousands of them: what one of a block does is found out once.
        var roles: [Part: (role: String, isLinear: Bool)] = [:]
        return zip(tensors, places).map { tensor, place in
            var facts = TensorFacts(
                name: tensor.name, shape: tensor.shape, stack: place.stack, layer: place.layer,
                module: place.module.joined(separator: "."))
            let part = Part(place, facts)
            if roles[part] == nil {
                let role = TensorRole.role(place, tensor.shape)
                roles[part] = (role, TensorRole.isLinear(place, tensor.shape, role))
            }
            if let known = roles[part] { (facts.role, facts.isLinear) = known }
            if let stack = place.stack, let layer = place.layer, let end = last[stack] {
                facts.depth = end > 0 ? Double(layer) / Double(end) : 0
            }
            return facts
        }
    }

    /// A name taken apart.
    package struct Place {
        /// The repeated stack and the index in it; nil outside every block.
        var stack: String?
        var layer: Int?
        /// The path inside the block, or from the root, without the parameter's own name.
        var module: [String]
        var parameter: String
        /// Whether it is a module called `gate` beside which experts stand in some block of the stack: it chooses between them.
        var isBesideExperts = false
    }

    /// All that a role depends on: which block it is does not matter.
    private struct Part: Hashable {
        let module: String
        let parameter: String
        let shape: [Int]
        let isInBlock: Bool
        let isBesideExperts: Bool

        init(_ place: Place, _ facts: TensorFacts) {
            (module, parameter, shape) = (facts.module, place.parameter, facts.shape)
            (isInBlock, isBesideExperts) = (place.layer != nil, place.isBesideExperts)
        }
    }

    private static func place(_ parts: [String], _ stacks: Set<String>) -> Place {
        let path = Array(parts.dropLast())
        var place = Place(module: path, parameter: parts.last ?? "")
        if let number = blockNumber(parts, behind: 1), stacks.contains(stack(parts, number)) {
            place.stack = stack(parts, number)
            place.layer = Int(parts[number])
            place.module = Array(path[(number + 1)...])
        }
        return place
    }

    /// The module whose experts a name belongs to.
    private static func mixture(_ place: Place) -> [String]? {
        place.module.firstIndex(of: "experts").map { site(place, place.module[..<$0]) }
    }

    /// A module of all blocks of a stack.
    private static func site(_ place: Place, _ module: ArraySlice<String>) -> [String] { [place.stack ?? ""] + module }

    /// The index of the first part that is a number with a name before it and at least `behind` parts behind it.
    private static func blockNumber(_ parts: [String], behind: Int) -> Int? {
        parts.indices.first { index in
            index > 0 && index + behind < parts.count && isNumber(parts[index]) && parts[index - 1] != "experts"
        }
    }

    private static func isNumber(_ part: String) -> Bool {
        (1...6).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
    }

    private static func stack(_ parts: [String], _ number: Int) -> String {
        parts[..<number].joined(separator: ".")
    }
}

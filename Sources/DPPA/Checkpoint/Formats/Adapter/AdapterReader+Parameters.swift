import DPPASupport

/// Adapters on parameters that are no weight of a linear module (`target_parameters`): the stacks of a mixture's experts.
///
/// PEFT puts a wrapper around a module for each of its parameters that is adapted, the one that was declared first innermost. The
/// factors of the outermost lie under the path of the module, the others' under `.base_layer` behind it, as often as there are
/// wrappers around them; which parameter is whose stands nowhere, and their shapes tell.
extension AdapterReader {
    /// A parameter of a module that factors may be of.
    private struct Parameter {
        /// Its name in the module.
        let name: String
        /// Its path, by which patterns know it.
        let path: String
        let shape: [Int]
        /// The stack in the base; nil where the base has a matrix for each expert.
        let stack: TensorFacts?
        /// What the names of the experts' matrices begin with.
        let site: String
    }

    private struct Level {
        let path: String
        let down, up: any TensorSource
    }

    private static let wrapper = ".base_layer"

    /// The path of the module that a path of factors is of, if its parameters are adapted and not its weight alone.
    func wrappedModule(_ path: String) -> String? {
        guard !config.parameters.isEmpty else { return nil }
        var module = path
        while module.hasSuffix(Self.wrapper) { module.removeLast(Self.wrapper.count) }
        return module == path && (try? target(module + ".weight")) != nil ? nil : module
    }

    /// Reads the factors of all adapted parameters of a module.
    mutating func parameters(of module: String) throws {
        let all = try candidates(module)
        var levels: [Level] = []
        var path = module
        while let a = take(path + ".lora_A"), let b = take(path + ".lora_B") {
            levels.insert(Level(path: path, down: a, up: b), at: 0)
            path += Self.wrapper
        }
        guard levels.count == all.count, !levels.isEmpty else {
            throw DPPAError(
                .data,
                "\(file) has \(Phrase.counted(levels.count, "pair")) of factors under \(module.shown), of which "
                    + "target_parameters names \(all.isEmpty ? "no parameter" : Phrase.list(all.map(\.path.shown)))",
                notes: ["copy or download it again"])
        }
        let order = try assigned(levels, all, module)
        // Modules have all their stacks one way round: one that is square is as its neighbours are.
        let ways = zip(levels, order).map { StackedFactors.ways($0.down, $0.up, $1.shape) }
        let sure = zip(ways, order).reduce(into: Set<Bool>()) { sure, item in
            if item.0.count == 1, item.1.shape.count == 3 { sure.formUnion(item.0) }
        }
        for ((level, parameter), ways) in zip(zip(levels, order), ways) {
            let isTransposed = ways.count == 1 ? ways.contains(true) : sure.count == 1 ? sure.contains(true) : isTurned
            let factors = StackedFactors(
                parameter.path, level.down, level.up, count: parameter.shape.count == 3 ? parameter.shape[0] : 1,
                isTransposed: isTransposed, scale: { config.scale(parameter.path, rank: $0) }, cache, wholes: wholes)
            if let facts = parameter.stack {
                tensors.append((facts.name, factors.stack(facts)))
            } else {
                try addMatrices(factors, parameter)
            }
        }
    }

    /// The parameters of a module that the configuration names, as the base has them.
    private func candidates(_ module: String) throws -> [Parameter] {
        var names: [String] = []
        for target in config.parameters {
            let name = target.split(separator: ".").last.map(String.init) ?? target
            let path = "\(module).\(name)"
            if path == target || path.hasSuffix("." + target), !names.contains(name) { names.append(name) }
        }
        return try names.map { name in
            let path = "\(module).\(name)"
            if base[path] == nil, let apart = apart(module, name) { return apart }
            let facts = try target(path).facts
            return Parameter(name: name, path: path, shape: facts.shape, stack: facts, site: "")
        }
    }

    /// A stack that readers make of the experts' matrices when they load the base.
    private func apart(_ module: String, _ name: String) -> Parameter? {
        let sites = [
            (module, ["gate_up_proj": ["gate_proj", "up_proj"], "down_proj": ["down_proj"]]),
            (
                module.replacing(".mlp.experts", with: ".block_sparse_moe.experts"),
                ["gate_up_proj": ["w1", "w3"], "down_proj": ["w2"]]
            ),
        ]
        for (site, words) in sites {
            guard let words = words[name], let first = shape("\(site).0.\(words[0]).weight"), first.count == 2 else {
                continue
            }
            var count = 1
            while shape("\(site).\(count).\(words[0]).weight") == first { count += 1 }
            return Parameter(
                name: words.joined(separator: "+"), path: "\(module).\(name)",
                shape: [count, first[0] * words.count, first[1]], stack: nil, site: site)
        }
        return nil
    }

    private func shape(_ name: String) -> [Int]? { (try? target(name))?.facts.shape }

    /// The changes of the experts' matrices, one after the other in the stack that the factors are of.
    private mutating func addMatrices(_ factors: StackedFactors, _ parameter: Parameter) throws {
        let words = parameter.name.split(separator: "+").map(String.init)
        let height = parameter.shape[1] / words.count
        for expert in 0..<factors.count {
            for (place, word) in words.enumerated() {
                let (facts, _) = try target("\(parameter.site).\(expert).\(word).weight")
                let rows = place * height..<(place + 1) * height
                tensors.append((facts.name, factors.matrix(expert, name: facts.name, rows: rows)))
            }
        }
    }

    /// Which of the parameters each level is of, the innermost first.
    private func assigned(_ levels: [Level], _ all: [Parameter], _ module: String) throws -> [Parameter] {
        func fits(_ level: Level, _ parameter: Parameter) -> Bool {
            let ways = StackedFactors.ways(level.down, level.up, parameter.shape)
            // Matrices that stand apart are as linears are.
            return parameter.stack == nil ? ways.contains(false) : !ways.isEmpty
        }
        var found: [[Parameter]] = []
        func extend(_ taken: [Int]) {
            guard taken.count < levels.count else { return found.append(taken.map { all[$0] }) }
            for place in all.indices where !taken.contains(place) && fits(levels[taken.count], all[place]) {
                extend(taken + [place])
            }
        }
        // Modules have two or three such parameters; many would be tried out in too many ways.
        if all.count <= 6 { extend([]) }
        if found.count == 1 { return found[0] }
        let ranks = [
            "weight", "gate_up_proj", "gate_up_proj_bias", "gate_proj", "up_proj", "down_proj", "down_proj_bias",
        ]
        let known = found.filter { order in
            let places = order.compactMap {
                ranks.firstIndex(of: $0.path.split(separator: ".").last.map(String.init) ?? "")
            }
            return places.count == order.count && places == places.sorted()
        }
        if known.count == 1 { return known[0] }
        let shapes = levels.map { "\($0.down.shape) and \($0.up.shape)" }
        throw DPPAError(
            .data,
            "\(file): nothing tells which factors are whose of \(Phrase.list(all.map(\.path.shown))): they are "
                + Phrase.list(shapes) + ", the parameters \(Phrase.list(all.map { "\($0.shape)" }))",
            notes: found.isEmpty
                ? ["name the base that the adapter was trained on"]
                : ["merge the adapter into its base with peft first"])
    }

    /// Whether transformers has the stacks of the base transposed, where shapes do not tell.
    private var isTurned: Bool {
        ["gpt_oss", "aria", "aria_text", "openai_privacy_filter"].contains(ExpertStacks.type(of: base) ?? "")
    }
}

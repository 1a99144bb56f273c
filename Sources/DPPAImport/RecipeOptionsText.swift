import DPPASupport

/// The options of a method's call, from the parameters of a merge.
struct RecipeOptionsText {
    /// The options as Lua, in the order of the method's parameters.
    private(set) var entries: [String] = []
    /// What is not carried over and changes nothing.
    private(set) var notes: [ImportNote] = []
    private let file: MergeFile
    private let roles: MergeRoles

    /// Throws when a parameter is missing that mergekit requires, or differs where it cannot.
    init(_ file: MergeFile, _ roles: MergeRoles) throws {
        (self.file, self.roles) = (file, roles)
        for parameter in file.method.parameters {
            switch parameter.scope {
            case .shared: try addShared(parameter)
            case .experts, .models: try addPerModel(parameter)
            }
        }
        if roles.base.isEmpty, case .vectors = file.method.inputs { entries.append("vectors = \"models\"") }
    }

    /// What each slice says of a parameter, of the whole or of one of its models.
    private mutating func resolved(_ name: String, _ model: Int?) throws -> [ResolvedParameter?] {
        try file.slices.indices.map { index in
            let own = model.map { roles.others[index][$0].parameters }
            let scopes = [own, file.slices[index].parameters, file.parameters].compactMap(\.self)
            return try ResolvedParameter(scopes, name, &notes)
        }
    }

    private mutating func addShared(_ parameter: MergekitMethod.Parameter) throws {
        let slices = try resolved(parameter.name, nil)
        guard slices.contains(where: { $0 != nil }) || parameter.isRequired else { return }
        switch parameter.form {
        case .nothing(let why): notes.append(ImportNote("\(parameter.name) is left out: \(why)", place(parameter.name)))
        case .choice(let option, let yes, let no):
            let value = try one(slices, parameter)
            entries.append("\(option) = \"\(value == .flag(true) ? yes : no)\"")
        case .axis: try addAxis(parameter)
        case .option(let option, let isPerTensor):
            if isPerTensor {
                entries.append("\(option) = \(try spread(slices, parameter, indent: 2))")
                return
            }
            switch try one(slices, parameter) {
            case .flag(let flag): entries.append("\(option) = \(flag)")
            case .number(let number): entries.append("\(option) = \(LuaText.number(number))")
            case .gradient: break
            }
        case .rest: break
        }
    }

    /// `nuslerp_flatten` is true unless it is said, and then `nuslerp_row_wise` says which way.
    private mutating func addAxis(_ parameter: MergekitMethod.Parameter) throws {
        guard parameter.name == "nuslerp_flatten" else {
            if try resolved("nuslerp_flatten", nil).allSatisfy({ $0 == nil }) {
                notes.append(
                    ImportNote(
                        "nuslerp_row_wise has no effect in mergekit unless nuslerp_flatten is false",
                        place(parameter.name)))
            }
            return
        }
        guard try one(resolved("nuslerp_flatten", nil), parameter) == .flag(false) else { return }
        let rows = try resolved("nuslerp_row_wise", nil)
        let isColumn = try rows.contains { $0 != nil } && one(rows, parameter) == .flag(true)
        entries.append("scope = \"\(isColumn ? "column" : "row")\"")
    }

    private mutating func addPerModel(_ parameter: MergekitMethod.Parameter) throws {
        let count = roles.others.first?.count ?? 0
        let all = try (0..<count).map { try resolved(parameter.name, $0) }
        guard all.contains(where: { $0.contains { $0 != nil } }) || parameter.isRequired else { return }
        let name: String
        switch parameter.form {
        case .nothing(let why):
            notes.append(ImportNote("\(parameter.name) is left out: \(why)", place(parameter.name)))
            return
        case .option(let option, _), .rest(let option), .choice(let option, _, _): name = option
        case .axis: return
        }
        let isOne = if case .one = file.method.inputs { true } else { false }
        let texts = try all.enumerated().map { index, slices in
            if parameter.isRequired, let missing = slices.firstIndex(of: nil) {
                let part = roles.others[missing][index]
                throw DPPAError(
                    .data, "\(file.method.name) needs a \(parameter.name) of \(part.model.reference.shown)",
                    notes: ["write parameters: { \(parameter.name): … } under the model"], location: part.model.place)
            }
            return try spread(slices, parameter, indent: isOne ? 2 : 4)
        }
        let isSame = Set(texts).count == 1
        // A list says for whom each is; one number for all is shorter where all have it.
        entries.append("\(name) = " + (isOne || isSame ? texts[0] : LuaText.table(texts, indent: 2)))
    }

    /// The value along the slices, as Lua.
    private func spread(
        _ slices: [ResolvedParameter?], _ parameter: MergekitMethod.Parameter, indent: Int
    ) throws -> String {
        let isRest = if case .rest = parameter.form { true } else { false }
        let map: (Double) -> Double = { isRest ? LuaText.rest($0) : $0 }
        func text(_ value: ResolvedParameter?, indent: Int) throws -> String {
            if let value {
                if file.isSliced, let layered = value.cases.first(where: { namesLayer($0.glob) }) {
                    throw DPPAError(
                        .data,
                        "the filter \(layered.glob ?? "") of \(parameter.name) names a layer, and slices number layers anew",
                        notes: ["give the slice of that layer a value of its own"], location: place(parameter.name))
                }
                return value.lua(parameter.fallback, indent: indent, map: map)
            }
            guard let fallback = parameter.fallback else {
                throw DPPAError(
                    .data, "\(file.method.name) needs a \(parameter.name) in every slice",
                    location: file.slices[0].place)
            }
            return LuaText.number(map(fallback))
        }
        let runs = slices.indices.map { (layers: file.slices[$0].sources[0].layers?.count ?? 1, value: slices[$0]) }
        let isSame = runs.allSatisfy { $0.value == runs[0].value }
        let hasGradient = runs.contains { $0.value?.hasGradient ?? false }
        guard runs.count > 1, !isSame || hasGradient else { return try text(runs[0].value, indent: indent) }
        var lines: [String] = []
        var index = 0
        while index < runs.count {
            var (layers, end) = (runs[index].layers, index + 1)
            while end < runs.count, runs[end].value == runs[index].value, !(runs[index].value?.hasGradient ?? false) {
                layers += runs[end].layers
                end += 1
            }
            lines.append("{ \(layers), \(try text(runs[index].value, indent: indent + 2)) }")
            index = end
        }
        return "dppa.by_slice " + LuaText.table(lines, indent: indent)
    }

    /// Whether a filter has the number of a layer in it.
    private func namesLayer(_ glob: String?) -> Bool {
        glob.map { $0.split { ".*".contains($0) }.contains { $0.allSatisfy(\.isNumber) } } ?? false
    }

    /// The one value of all slices and tensors.
    private func one(
        _ slices: [ResolvedParameter?], _ parameter: MergekitMethod.Parameter
    ) throws -> MergeParameter.Value {
        guard slices.allSatisfy({ $0 == slices[0] }), let value = slices[0]?.single, !value.isGradient else {
            throw DPPAError(
                .data, "\(parameter.name) differs from tensor to tensor; here it is one for all",
                notes: ["make two merges of it, and join them: a:apply { … } in a recipe of your own"],
                location: place(parameter.name))
        }
        return value
    }

    private func place(_ name: String) -> DPPAError.Location {
        let all =
            file.parameters + file.slices.flatMap { $0.parameters + $0.sources.flatMap(\.parameters) }
        return all.first { $0.name == name }?.place ?? file.place
    }
}

import DPPASupport

extension AdapterMerge {
    /// The text of a recipe that makes the adapter.
    func recipe(_ file: String) -> String {
        var names = ModelNames()
        names.reserve([base] + adapters)
        var body = ["local base = dppa.model \(LuaText.quoted(names.path(base)))"]
        // Opened behind their base they are deltas of it, on the matrices that they change.
        let paths = adapters.map { LuaText.quoted(names.path($0)) }
        body.append("local adapters = dppa.models " + LuaText.table(paths))
        body.append("local weights = " + LuaText.table(weights.map(LuaText.number)))
        body.append("")
        body += refusals.map { "error(\(LuaText.quoted($0.text)))" }
        body += combination.elects ? elected : added
        var size = "\"exact\""
        if combination != .cat {
            size = rank.map(String.init) ?? "rank"
            if rank == nil { body += largestRank }
        }
        body += ["", "return merged:lora { rank = \(size), base = base }"]
        return RecipeText.page(
            "\(RecipeText.name(file)), a call of PEFT's add_weighted_adapter,", remarks: remarks, names, modules: [],
            body: body)
    }

    private var remarks: [String] {
        guard combination.pruning == .random, density < 1 else { return [] }
        return ["what is dropped is drawn by seed; PEFT draws other numbers every time."]
    }

    /// A delta with what is pruned of it gone, as Lua.
    private var pruned: String {
        density < 1 ? "sparse(adapter)" : "adapter"
    }

    /// What prunes a delta.
    private var pruning: [String] {
        guard combination.pruning != nil, density < 1 else { return [] }
        let share = LuaText.number(density)
        let value =
            combination.pruning == .random
            ? "dppa.where(delta:bernoulli(\(share), { seed = 0 }), delta, 0) / \(share)"
            : "dppa.where(dppa.top(dppa.abs(delta), \(share), \"tensor\"), delta, 0)"
        return ["local function sparse(delta) return \(value) end", ""]
    }

    /// The weighted sum.
    private var added: [String] {
        pruning + [
            "local merged", "for i, adapter in ipairs(adapters) do",
            "  local delta = weights[i] * \(pruned)",
            "  merged = merged and merged + delta or delta", "end",
        ]
    }

    /// Of each element those that have the sign of the sum, or of most, weighted and divided by how many they are.
    private var elected: [String] {
        let vote = isByNumber ? "dppa.as_delta(dppa.sign(\(pruned)))" : pruned
        var lines = pruning
        lines += [
            "local votes", "for _, adapter in ipairs(adapters) do", "  local vote = \(vote)",
            "  votes = votes and votes + vote or vote", "end",
        ]
        lines += [
            "local elected = dppa.where(votes:ge(0), 1, -1)", "local sum, count",
            "for i, adapter in ipairs(adapters) do",
            "  local delta = \(pruned)", "  local agrees = dppa.as_delta(dppa.sign(delta)):eq(elected)",
            "  local part, one = dppa.where(agrees, weights[i] * delta, 0), dppa.as_delta(dppa.where(agrees, 1, 0))",
            "  sum, count = sum and sum + part or part, count and count + one or one", "end",
        ]
        return lines + ["local merged = sum / dppa.maximum(count, 1)"]
    }

    /// PEFT's rank where none is said.
    private var largestRank: [String] {
        [
            "local rank = 1  -- without svd_rank the largest of the adapters'", "for _, adapter in ipairs(adapters) do",
            "  for _, tensor in ipairs(dppa.facts(adapter)) do rank = math.max(rank, tensor.rank or 1) end",
            "end",
        ]
    }
}

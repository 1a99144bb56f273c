import DPPA

/// The merge methods that ship, as a page to read: what each declares, what its head says, and what it costs.
package enum MethodPages {
    /// Methods that make a model of models, by name; `require "dppa.NAME"` gives them.
    package static var all: [MethodDeclaration] {
        get throws {
            try LibraryMethods.all().sorted { $0.key < $1.key }.flatMap { module, methods in
                methods.filter { $0.name == module && $0.returns == "a model" }
            }
        }
    }

    /// Methods that look at the inputs of linears, by name: what they make takes a text besides models.
    private static var calibrated: [MethodDeclaration] {
        get throws {
            try LibraryMethods.all().sorted { $0.key < $1.key }.flatMap { module, methods in
                methods.filter { $0.name == module && ["a pruned model", "a merged model"].contains($0.returns) }
            }
        }
    }

    /// A line for each, those that need a text behind the others.
    package static var list: [String] {
        get throws {
            try (all + calibrated).map { method in
                let others = method.aliases.isEmpty ? "" : " Elsewhere: \(method.aliases.joined(separator: ", "))."
                return (method.name, method.summary + others)
            }.aligned("")
        }
    }

    /// The text of `docs/methods.md`; `folder` holds the recipes that ship, whose plans tell the costs.
    package static func text(recipes folder: String) throws -> String {
        let methods = try all.map { ($0, try MethodCost(of: $0.name, recipes: folder)) }
        var lines = [
            "# Merge methods", "",
            "Made from the methods' own declarations (`make reference`); `dppa-run help NAME` shows the same, and `dppa-run methods` a",
            "line for each. Every method is a page of the recipe language (`Sources/DPPAScript/Library/NAME.lua`) and has a recipe that",
            "runs it, on the models of `recipes/zoo` unless it is told others: `dppa-run run NAME --out merged --set experts=a,b`.",
            "",
            "Costs are those of that recipe with the defaults, from `dppa-run plan`. A *pass* goes through a tensor, which all passes of",
            "one time through the checkpoint find in memory. Where something is measured over the whole model first, the method goes",
            "through the checkpoint again, and reads from the disk what the page cache does not hold. Where the table says *whole*, a",
            "method decomposes matrices: each is in memory at once, in float64 with what LAPACK works on, one for each thread as far as",
            "the budget allows. `plan` says for the models at hand how many there are and what the largest takes: 1 GB for 4096 × 4096",
            "and more where there are several; scored candidates compute them again. All others go through tensors piece by piece.",
            "",
            "The pictures are of one corner of the zoo's deltas, the first \(MethodPicture.side) rows and columns of",
            "`\(MethodPicture.tensor)`: what each expert has learnt, and what the method's recipe makes of it with",
            "its defaults, as a delta to `zoo/base`. Blue is above 0, orange below; the shades are the same in all, and the darkest is",
            "what one element in twenty of the experts reaches. Where there is nothing the delta is 0, or nearly.",
            "",
            "What stands under *in comparisons* is what others have published; numbers are theirs, on their models.",
            "",
            "`compat = \"mergekit\"`, in a call or as `--set compat=mergekit`, gives a method mergekit 0.1.5's defaults (in the tables",
            "*of mergekit*) and its numbers, as it computes them on a processor with `dtype: float32`: to 1e-6 of a tensor's largest",
            "number, and to the last bit where it computes element by element. `\"mergekit_bf16\"` rounds after every step as with",
            "`dtype: bfloat16`, for bfloat16 models; methods in which angles or norms decide refuse it, as the last bits of mergekit's own",
            "sums, which are up to its threads, would decide. Random numbers are those that mergekit draws with `seed` as its",
            "`--random-seed`, where all tensors are merged by one method under their own names. Three things are not the same: which of",
            "equal elements a cut keeps, as mergekit's sort is not stable (here the lowest index); signs of sums that cancel but for",
            "rounding; and matrices of more than two dimensions, of which mergekit ranks dimension 1 in DELLA, and takes dimension 0 as",
            "columns in NuSLERP. How far both are from the exact result is told in [performance.md](performance.md#how-far-from-the-exact-result).",
            "",
            "| method | what it does | passes | times through the checkpoint | tensors |", "|---|---|---|---|---|",
        ]
        for (method, cost) in methods {
            lines.append(
                "| [`\(method.name)`](#\(method.name)) | \(method.summary) | \(cost.passes) | \(cost.times) | \(cost.needsWhole ? "whole" : "") |"
            )
        }
        lines.append("")
        for (method, cost) in methods {
            lines += ["## \(method.name)", ""] + Reference.body(of: method)
            lines += try pictures(of: method.name, recipes: folder)
            lines += ["Costs \(cost.words).", ""]
            if !method.comparisons.isEmpty { lines += ["*In comparisons:* \(method.comparisons)", ""] }
            if !method.compat.isEmpty { lines += ["*With `compat = \"mergekit\"`:* \(method.compat)", ""] }
            lines += ["```"] + Reference.header(method.name) + ["```", ""]
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }

    /// What the method's recipe reads and what it makes, beside each other.
    private static func pictures(of method: String, recipes folder: String) throws -> [String] {
        let experts = try MethodPicture.experts(of: method, recipes: folder)
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return [
            row(experts.map { "zoo/\($0)" } + ["`\(method)`"]), row(experts.map { _ in "---" } + ["---"]),
            row(
                experts.map { "![what \($0) has learnt](pictures/\($0).svg)" }
                    + ["![the delta of \(method)](pictures/\(method).svg)"]), "",
        ]
    }
}

/// What a method's recipe costs with its defaults.
package struct MethodCost {
    /// How often a tensor is gone through.
    let passes: Int
    /// How often the whole checkpoint is.
    let times: Int
    /// Whether whole tensors have to be in memory.
    let needsWhole: Bool

    /// Plans the recipe of a method on its own models; reads no weight.
    package init(of method: String, recipes folder: String) throws {
        let recipe = RecipeRun("\(folder)/\(method).lua")
        let plan = try RecipePlan(try recipe.trace(RecipeRun.Request(out: "unused"), isDry: true), dtype: nil).engine
        (passes, times, needsWhole) = (plan.passes.count, plan.epochs, plan.matrices != nil)
    }

    package var words: String {
        let passes = passes == 1 ? "one pass" : "\(passes) passes"
        return passes + (times == 1 ? ", once through the checkpoint" : ", \(times) times through the checkpoint")
            + (needsWhole ? "; needs whole tensors" : "")
    }
}

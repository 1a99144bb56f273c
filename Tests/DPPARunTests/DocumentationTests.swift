import DPPA
import DPPAScript
import Foundation
import Testing

/// What the pages show works: every recipe and every command in them, and the pages made from the catalog are not old.
@Suite struct DocumentationTests {
    private static func page(_ name: String) throws -> String {
        try String(contentsOfFile: Folders.project + "/" + name, encoding: .utf8)
    }

    /// The blocks of a language, each with the line before it.
    private static func blocks(_ text: String, _ language: String) -> [(title: String, text: String)] {
        var blocks: [(title: String, text: String)] = []
        var (title, fence, body): (String, String, [String]?) = ("", "", nil)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let lines = body {
                if line.hasPrefix("```") {
                    if fence == language { blocks.append((title, lines.joined(separator: "\n"))) }
                    body = nil
                } else {
                    body = lines + [String(line)]
                }
            } else if line.hasPrefix("```") {
                (fence, body) = (String(line.dropFirst(3)), [])
            } else if !line.isEmpty {
                title = String(line)
            }
        }
        return blocks
    }

    @Test(arguments: ["README.md", "docs/recipe-book.md"])
    func everyRecipeInThePagesRuns(page: String) throws {
        let text = try Self.page(page)
        let recipes = Self.blocks(text, "lua").filter { $0.text.contains("require \"dppa.v1\"") }
        #expect(recipes.count >= (page == "README.md" ? 1 : 10))
        let scratch = try Scratch()
        for (title, table) in Self.blocks(text, "json") where title.hasPrefix("`") {
            _ = try scratch.write(table, String(title.dropFirst().prefix { $0 != "`" }))
        }
        for (number, recipe) in recipes.enumerated() {
            let file = try scratch.write(recipe.text, "recipe\(number).lua")
            var request = RecipeRun.Request(out: scratch.path + "/out\(number)")
            request.modelRoots = [Folders.recipes]
            request.engine = EngineOptions(threads: 2)
            let outcome = try RecipeRun(file).run(request)
            #expect(!outcome.written.isEmpty && outcome.warnings.isEmpty, "\(outcome.warnings)")
        }
    }

    /// Commands that begin with `dppa-run`, continued lines joined.
    private static func commands(_ text: String) -> [String] {
        (blocks(text, "") + blocks(text, "sh")).flatMap { block in
            block.text.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n").map(String.init)
        }.filter { $0.hasPrefix("dppa-run ") }
    }

    @Test func everyCommandInTheReadmeRuns() throws {
        let commands = Self.commands(try Self.page("README.md"))
        #expect(commands.count >= 8)
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/recipes", withDestinationPath: Folders.recipes)
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = NSString(string: bundle).deletingLastPathComponent
        for command in commands {
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
            process.arguments = ["-c", "PATH='\(folder)':$PATH; " + command]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(command)\n\(text)")
        }
    }

    @Test func pagesMadeFromTheCatalogAreNotOld() throws {
        #expect(try Self.page("docs/reference.md") == Reference.text, "run `make reference`")
        #expect(
            try Self.page("docs/methods.md") == MethodPages.text(recipes: Folders.recipes), "run `make reference`")
        for (file, text) in try Stub.files {
            #expect(try Self.page("recipes/types/" + file) == text, "run `make reference`")
        }
        let shipped = try FileManager.default.contentsOfDirectory(atPath: Folders.recipes + "/types")
        #expect(Set(shipped) == Set(try Stub.files.map(\.file)))
    }

    /// The shades in a picture's file, row by row.
    private static func levels(_ svg: String) throws -> [Int] {
        let side = MethodPicture.side
        var levels = [Int](repeating: 0, count: side * side)
        let shades = ["#a34a05", "#dd7426", "#f3ae74", "#fbe0c8", "", "#cfe0f5", "#86b3e3", "#3c7fc9", "#0b4f9c"]
        for path in svg.matches(of: /stroke="(#\w+)" d="([^"]+)"/) {
            let level = try #require(shades.firstIndex(of: String(path.1))) - 4
            for run in path.2.matches(of: /M(\d+) (\d+)h(\d+)/) {
                let (column, row, count) = (Int(run.1) ?? 0, Int(run.2) ?? 0, Int(run.3) ?? 0)
                for place in column..<column + count { levels[row * side + place] = level }
            }
        }
        return levels
    }

    /// The pictures of the page are those of today's methods; what decompositions make may differ by a shade where processors differ.
    @Test func picturesAreNotOld() throws {
        let pictures = try MethodPicture.all(recipes: Folders.recipes)
        for (name, picture) in pictures {
            let svg = try Self.page("docs/pictures/\(name).svg")
            let levels = try Self.levels(svg)
            #expect(Set(levels).count > 2, "\(name)")
            guard MergeMethods.spectral.contains(name) else {
                #expect(svg == picture.svg, "\(name): run `make reference`")
                continue
            }
            let apart = zip(levels, picture.levels).map { abs($0 - $1) }
            #expect(apart.max() ?? 0 <= 1 && apart.count { $0 > 0 } <= 12, "\(name): run `make reference`")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: Folders.project + "/docs/pictures")
        #expect(Set(files) == Set(pictures.map { $0.name + ".svg" }))
    }

    /// Every merge method is on its page, in the list and in help, with what it costs; each has a recipe.
    @Test func everyMergeMethodIsTold() throws {
        #expect(try MethodPages.all.map(\.name) == MergeMethods.all.sorted())
        let (page, list) = (try MethodPages.text(recipes: Folders.recipes), try MethodPages.list)
        for (method, line) in zip(try MethodPages.all, list) {
            #expect(line.hasPrefix(method.name + " ") && line.contains(method.summary))
            #expect(page.contains("\n## \(method.name)\n\n\(method.summary)\n"))
            let help = try #require(try Reference.help(method.name, recipes: Folders.recipes))
            let cost = try MethodCost(of: method.name, recipes: Folders.recipes)
            #expect(help.contains("\ncosts     \(cost.words)\n") && page.contains("Costs \(cost.words).\n"))
            guard !method.comparisons.isEmpty else { continue }
            #expect(page.contains("*In comparisons:* \(method.comparisons)\n"))
            #expect(help.filter { !$0.isWhitespace }.contains(method.comparisons.filter { !$0.isWhitespace }))
        }
        #expect(try MethodCost(of: "magmax", recipes: Folders.recipes).words == "one pass, once through the checkpoint")
        #expect(try MethodCost(of: "ties", recipes: Folders.recipes).words == "2 passes, once through the checkpoint")
        #expect(
            try MethodCost(of: "tsv", recipes: Folders.recipes).words
                == "one pass, once through the checkpoint; needs whole tensors")
        #expect(
            try MethodCost(of: "localize_and_stitch", recipes: Folders.recipes).words
                == "2 passes, 2 times through the checkpoint")
    }

    /// Each example of the catalog, after what it takes for granted.
    @Test func everyExampleOfTheReferenceRuns() throws {
        let scratch = try Scratch()
        _ = try scratch.write("{ \"q\": 1 }", "importance.json")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/zoo", withDestinationPath: Folders.recipes + "/zoo")
        try FileManager.default.copyItem(
            atPath: Folders.recipes + "/zoo/base/model.safetensors", toPath: scratch.path + "/fisher.safetensors")
        let names = Set(Catalog.functions.map(\.name)).subtracting(["model"]).sorted()
        let preamble = """
            local dppa = require "dppa.v1"
            \(names.filter { $0 != "where" }.map { "local \($0) = dppa.\($0)" }.joined(separator: "; "))
            local where = dppa.where
            local base, expert = dppa.model "zoo/base", dppa.model "zoo/law"
            local delta = (expert - base):linears()
            local prune = function(part) return part end
            local merged, a, b, x, y = expert, base, expert, abs(delta), abs(delta)
            local density, rate, shift, share = mean(x, "tensor"), 0.9, mean(x, "tensor"), mean(x, "tensor")
            local low, high, scope, mask = 0, 1, "tensor", x:gt(0)
            local u, s, vt = svd(delta)
            local u1, u2, vt1, vt2 = u, u, vt, vt

            """
        for function in Catalog.functions + Catalog.methods where !function.example.isEmpty {
            let isStatement = function.example.hasPrefix("local ") || function.type == "nil"
            var example = function.example
            // Spaces are of whole models there: what needs a, b as models or as values is told by the name.
            if ["dot", "maximum", "minimum", "as_delta"].contains(function.name) {
                example = "(function(a, b) return \(example) end)(x, y)"
            }
            let text = preamble + (isStatement ? example : "local _ = " + example) + "\nreturn base"
            let file = try scratch.write(text, "example.lua")
            var request = RecipeRun.Request(out: "unused")
            request.modelRoots = [Folders.recipes]
            let failure = try RecipeRun(file).trace(request, isDry: true, isForgiving: true).failure
            #expect(failure == nil, "\(function.name): \(function.example): \(failure?.message ?? "")")
        }
    }

    @Test func everyNameHasHelpAndEveryShippedRecipeExplainsItself() throws {
        for name in Reference.names { #expect(try Reference.help(name)?.isEmpty == false) }
        let recipes = try FileManager.default.contentsOfDirectory(atPath: Folders.recipes).filter {
            $0.hasSuffix(".lua")
        }
        #expect(recipes.count >= 9)
        for recipe in recipes {
            let trace = try RecipeRun(Folders.recipes + "/" + recipe).trace(.init(out: "unused"), isDry: true)
            let lines = RecipeHelp(trace).lines
            #expect(lines.first?.isEmpty == false, "\(recipe) begins with no comment")
            for option in trace.session.options.taken {
                #expect(!option.declaration.help.isEmpty, "\(recipe): option \(option.name) has no help")
            }
        }
    }
}

import Foundation
import Testing

/// The program as `make install` leaves it.
@Suite struct InstallationTests {
    @Test func anInstalledProgramBringsItsRecipesAndWorksAnywhere() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.path + "/work", withIntermediateDirectories: true)
        let made = try Shell.run(
            "make -s -C '\(Folders.project)' install-files PREFIX=$PWD PROGRAM=\"$dppa\"", in: scratch.path)
        #expect(made.code == 0, "\(made.errors)")
        for file in [
            "recipes/.luarc.json", "recipes/types/dppa.d.lua", "recipes/ties.lua", "recipes/zoo/base/model.safetensors",
            "recipes/tasks/facts.jsonl",
        ] {
            #expect(FileManager.default.fileExists(atPath: scratch.path + "/share/dppa/" + file), "\(file)")
        }
        // The folder of the recipes is the installed one, be the program called by a link.
        let lines: [(command: String, code: Int32, text: String)] = [
            ("../bin/dppa-run run ties --out o --quiet", 0, ""),
            ("../bin/dppa-run help ties", 0, "share of a delta to keep"),
            ("ln -s ../bin/dppa-run d && ./d check dppa", 0, "options"),
            ("./d new deep/mine --from ties", 0, "--models \(scratch.path)/share/dppa/recipes"),
            ("grep -c 'dppa-run run deep/mine.lua' deep/mine.lua", 0, "1"),
            ("./d run deep/mine --models ../share/dppa/recipes --out p --quiet", 0, ""),
            ("./d run deep/mine --out q", 66, "there is no model 'zoo/base'"),
            ("./d diff o p", 0, "0   1.00000     0.00 %"),
            ("./d ---completion check -- positional@0 1 1 t", 0, "ties"),
        ]
        for line in lines {
            let result = try Shell.run(line.command, in: scratch.path + "/work")
            let all = result.output + result.errors
            #expect(
                result.code == line.code && (line.text.isEmpty || all.contains(line.text)), "\(line.command): \(all)")
        }
        let completions = try Shell.run(
            "bash -n share/bash-completion/completions/dppa-run && wc -c < share/fish/vendor_completions.d/dppa-run.fish",
            in: scratch.path)
        #expect(completions.code == 0 && !completions.output.hasPrefix("0"), "\(completions.errors)")
    }
}

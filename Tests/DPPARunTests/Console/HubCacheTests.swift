import Foundation
import Testing

/// `org/name` in the local Hugging Face cache, as every command that reads models takes it.
@Suite struct HubCacheTests {
    /// A cache laid out as huggingface_hub does: refs by name, snapshots by commit.
    private func cache(in scratch: Scratch, refs: [String: String]) throws {
        let model = scratch.path + "/cache/hub/models--some--model"
        for (name, commit) in refs { _ = try scratch.write(commit, "cache/hub/models--some--model/refs/\(name)") }
        try FileManager.default.createDirectory(atPath: model + "/snapshots", withIntermediateDirectories: true)
        for (commit, target) in [("c0ffee", "base"), ("decaf0", "law")] {
            try FileManager.default.createSymbolicLink(
                atPath: model + "/snapshots/" + commit, withDestinationPath: Folders.recipes + "/zoo/" + target)
        }
    }

    @Test func everyCommandFindsModelsByName() throws {
        let scratch = try Scratch()
        try cache(in: scratch, refs: ["main": "c0ffee", "v2": "decaf0\n", "refs/pr/1": "decaf0"])
        let zoo = Folders.recipes + "/zoo"
        _ = try scratch.write(
            "local d = require \"dppa.v1\"\nreturn d.model \"some/model\" + (d.model \"some/model@v2\" - d.model \"some/model\")",
            "r.lua")
        let same = "0   1.00000     0.00 %"
        let cases: [(line: String, code: Int32, text: String)] = [
            ("inspect some/model", 0, "tensors   57"),
            ("inspect some/model@decaf0", 0, "tensors   57"),
            ("diff some/model \(zoo)/base", 0, same),
            ("diff some/model@v2 \(zoo)/law", 0, same),
            ("diff some/model@c0ffee some/model@main", 0, same),
            ("eval some/model@v2 --quiet --task \(zoo)/search/law.jsonl", 0, "0.8812"),
            ("check r.lua", 0, "model     model@v2"),
            ("check ties --set base=some/model --set experts=e=some/model@v2", 0, "model     e:"),
            ("inspect some/model@refs/pr/1", 0, "tensors   57"),
            ("inspect some/model@refs/pr/2", 66, "write some/model@c0ffee"),
            ("inspect some/model@refs//pr", 66, "there is no model"),
            ("inspect cache/hub/models--some--model", 0, "its snapshot c0ffee was read, that of refs/main"),
            ("inspect some/modle", 66, "did you mean 'some/model'?"),
            ("inspect some/model@v3", 66, "write some/model@c0ffee"),
            ("inspect some/model@../../x", 66, "there is no model"),
            ("inspect some/model@", 66, "there is no model"),
            ("inspect ../cache", 66, "there is no model"),
        ]
        for entry in cases {
            let result = try Shell.run("HF_HOME=$PWD/cache \"$dppa\" \(entry.line)", in: scratch.path)
            let all = result.output + result.errors
            #expect(result.code == entry.code && all.contains(entry.text), "\(entry.line): \(all)")
        }
    }

    @Test(arguments: ["HF_HUB_CACHE=$PWD/cache/hub", "HF_HOME=$PWD/cache", "HF_HOME= XDG_CACHE_HOME=$PWD/xdg"])
    func theEnvironmentNamesTheCache(_ variables: String) throws {
        let scratch = try Scratch()
        try cache(in: scratch, refs: ["main": "c0ffee"])
        try FileManager.default.createDirectory(atPath: scratch.path + "/xdg", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/xdg/huggingface", withDestinationPath: scratch.path + "/cache")
        let result = try Shell.run("\(variables) \"$dppa\" inspect some/model", in: scratch.path)
        #expect(result.code == 0, "\(result.errors)")
    }
}

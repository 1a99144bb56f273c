import DPPA
import Foundation
import Testing

/// Where a model comes from: its place in a cache, its card, its config.
@Suite("Origin of a checkpoint")
struct CheckpointOriginTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func open(_ name: String) throws -> OpenModel { try OpenModel(at: folder.path + "/" + name, label: "m") }

    private func origin(card: String, config: String = "{}") throws -> CheckpointOrigin {
        try folder.write(safetensors("{}"), "m/model.safetensors")
        try folder.write(config, "m/config.json")
        try folder.write(card, "m/README.md")
        return try open("m").origin
    }

    @Test("Repository, revision and checksums of a model in the cache")
    func cache() throws {
        let (commit, sum) = (String(repeating: "a1", count: 20), String(repeating: "0f", count: 32))
        let (model, snapshot) = ("models--acme--law-7b", "models--acme--law-7b/snapshots/" + commit)
        try folder.write(
            safetensors("{\(entry("x", "U8", "[1]", 0, 1))}", data: 1), model + "/blobs/" + sum)
        try folder.makeFolder(snapshot)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/" + snapshot + "/model.safetensors", withDestinationPath: "../../blobs/" + sum)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/here", withDestinationPath: folder.path + "/" + snapshot)
        for name in [snapshot, snapshot + "/", "here"] {
            let origin = try open(name).origin
            #expect(origin.repository == "acme/law-7b" && origin.revision == commit, "\(name)")
            #expect(origin.checksums == ["model.safetensors": sum])
        }
        try folder.write(safetensors("{}"), "models--gpt2/snapshots/\(commit)/model.safetensors")
        #expect(try open("models--gpt2/snapshots/" + commit).origin.repository == "gpt2")
        try folder.write(safetensors("{}"), "snapshots/x/model.safetensors")
        #expect(try open("snapshots/x").origin == CheckpointOrigin())
    }

    @Test("The front matter of its card")
    func card() throws {
        let origin = try origin(
            card: """
                ---
                license: 'other'   # ask
                license_name: "a b"
                license_link: https://x.org/y#z
                language:
                  - en
                  - "no"
                datasets: [a/b, 'c']
                base_model: acme/base
                model-index:
                - name: x
                  results: []
                tags:
                - license: mit
                ---
                license: mit
                """)
        #expect(origin.licence == CheckpointOrigin.Licence(identifier: "other", name: "a b", link: "https://x.org/y#z"))
        #expect(
            origin.languages == ["en", "no"] && origin.datasets == ["a/b", "c"] && origin.ancestors == ["acme/base"])
        #expect(origin.repository == nil && origin.revision == nil)
    }

    @Test(
        "A card without a front matter, or with one that is none",
        arguments: ["# Title\n---\nlicense: mit\n---", "", "---", "---\nlicense:\n---", "---\nlicense: {a: b}\n---"])
    func noCard(card: String) throws { #expect(try origin(card: card).licence == nil) }

    @Test("The name in config.json counts where it can be a repository's")
    func nameOfConfig() throws {
        func ancestors(_ name: String) throws -> [String] {
            try origin(card: "", config: "{\"_name_or_path\": \"\(name)\"}").ancestors
        }
        #expect(try ancestors("acme/Law-7B_v1.2") == ["acme/Law-7B_v1.2"])
        for name in [
            "/home/me/model", "./a", "../a/b", "models/law", "out/checkpoint-500", "gpt2", "a/b/c", "", "a b/c",
        ] {
            #expect(try ancestors(name).isEmpty, "\(name)")
        }
    }

    @Test("The sampled digest tells models apart, and is that of every copy")
    func digest() throws {
        func digest(_ bytes: [UInt8], config: String = "{}", name: String = "x") throws -> UInt128 {
            let header = "{\(entry(name, "U8", "[\(bytes.count)]", 0, bytes.count))}"
            try folder.write(safetensors(Array(header.utf8), data: bytes), "m/model.safetensors")
            try folder.write(config, "m/config.json")
            return try open("m").sampledDigest()
        }
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let first = try digest(bytes)
        #expect(try digest(bytes) == first)
        for place in [0, 140, 936, 999] {
            var changed = bytes
            changed[place] ^= 1
            #expect(try digest(changed) != first, "\(place)")
        }
        #expect(try digest(bytes, config: "{ }") != first && digest(bytes, name: "y") != first)
        #expect(try digest([1, 2]) != digest([1, 3]))
    }
}

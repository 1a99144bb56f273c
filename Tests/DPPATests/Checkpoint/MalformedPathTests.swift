import DPPA
import Foundation
import Testing

/// What is no regular file, cannot be read, or changes while it is read.
@Suite("Paths that are no model")
struct MalformedPathTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try folder.makeFolder("m")
    }

    static let kinds = ["pipe", "device", "socket", "directory"]

    /// Puts something that is no regular file at a place, or a link to it.
    func place(_ kind: String, _ name: String) throws {
        let path = folder.path + "/" + name
        switch kind {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "device": #expect(symlink("/dev/zero", path) == 0)
        case "socket": try bind(path)
        default: try folder.makeFolder(name)
        }
    }

    /// A socket's name that stays when the socket is closed.
    private func bind(_ path: String) throws {
        // An address has room for about 100 bytes, and the folder's path may be longer: so the name is made elsewhere.
        let short = "/tmp/\(UUID().uuidString)"
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
        try FileManager.default.moveItem(atPath: short, toPath: path)
    }

    func refused(_ code: DPPAError.Code = .missingInput, _ words: String..., path: String = "m") {
        expectError(code, words) { _ = try OpenModel(at: folder.path + "/" + path, label: "m") }
    }

    @Test("As the model itself", arguments: kinds.filter { $0 != "directory" })
    func model(kind: String) throws {
        try place(kind, "x")
        refused(.missingInput, "/x is no regular file", path: "x")
    }

    @Test("As the weights, a shard, the index, config.json", arguments: kinds)
    func inside(kind: String) throws {
        try place(kind, "m/model.safetensors")
        refused(.missingInput, "m/model.safetensors is no regular file")
        try FileManager.default.removeItem(atPath: folder.path + "/m/model.safetensors")
        try place(kind, "m/1.safetensors")
        try folder.write("{\"weight_map\":{\"a\":\"1.safetensors\"}}", "m/model.safetensors.index.json")
        refused(.missingInput, "m/1.safetensors is no regular file")
        try FileManager.default.removeItem(atPath: folder.path + "/m/model.safetensors.index.json")
        try place(kind, "m/model.safetensors.index.json")
        refused(.missingInput, "index.json is no regular file")
        try place(kind, "m/config.json")
        refused(.missingInput, "config.json is no regular file")
    }

    @Test("As a small file beside the weights it is not taken for the model's", arguments: kinds)
    func sidecar(kind: String) throws {
        try folder.write(safetensors("{}"), "m/model.safetensors")
        try place(kind, "m/tokenizer.json")
        try folder.write("x", "m/tokenizer.model")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").sidecarFiles == ["tokenizer.model"])
    }

    @Test("As a task", arguments: kinds)
    func task(kind: String) throws {
        try place(kind, "t.jsonl")
        expectError(.missingInput, ["t.jsonl is no regular file"]) {
            _ = try EvaluationTask(path: folder.path + "/t.jsonl")
        }
    }

    @Test("Links that lead nowhere or in a circle, and a name with a NUL")
    func nowhere() throws {
        #expect(symlink(folder.path + "/none", folder.path + "/x") == 0)
        refused(.missingInput, "/x is a link to a file that is not there", path: "x")
        #expect(symlink(folder.path + "/y", folder.path + "/y") == 0)
        refused(.missingInput, "there is no model at", path: "y")
        #expect(symlink(folder.path + "/none", folder.path + "/m/model.safetensors") == 0)
        refused(.missingInput, "m/model.safetensors is a link to a file that is not there", "download it again")
        try FileManager.default.removeItem(atPath: folder.path + "/m/model.safetensors")
        #expect(symlink("circle.safetensors", folder.path + "/m/circle.safetensors") == 0)
        refused(.missingInput, "cannot open", "m/circle.safetensors")
        #expect(symlink(folder.path + "/none", folder.path + "/m/config.json") == 0)
        refused(.missingInput, "m/config.json is a link to a file that is not there")
        refused(.missingInput, "there is no model at", path: "m\u{0}")
        refused(.missingInput, "there is no model at", path: String(repeating: "n", count: 5000))
    }

    @Test("Files and directories that may not be read", .enabled(if: geteuid() != 0))
    func unreadable() throws {
        let file = try folder.write(safetensors("{}"), "m/model.safetensors")
        #expect(chmod(file, 0) == 0)
        refused(.missingInput, "cannot open", "m/model.safetensors", "Permission denied")
        #expect(chmod(folder.path + "/m", 0) == 0)
        refused(.missingInput, "cannot list", "/m")
        #expect(chmod(folder.path + "/m", 0o700) == 0)
    }

    @Test("A config.json that is no JSON object is refused when the model is opened")
    func config() throws {
        try folder.write(safetensors("{}"), "m/model.safetensors")
        for (text, words) in [
            ("", "got the end (byte 0)"), ("[]", "expected '{', got '['"), ("{\"a\":1", "expected '}', got the end"),
            ("{\"a\":}", "expected a value, got '}' (byte 5)"), ("{\"a\" 1}", "expected ':', got '1'"),
            ("{} {}", "text behind"), ("{\"a\":tru}", "expected a value, got 't'"), ("{\"a\":1e}", "expected a digit"),
            ("{\"a\":-}", "expected a value"), ("{\"a\":1.}", "expected a digit"), ("{\"a\":1,}", "expected '\"'"),
            ("{\"a\":[1,]}", "expected a value, got ']'"), ("{\"a\":[1}]", "expected ']', got '}'"),
            ("\u{FEFF}{}", "got the byte 239"), ("{a:1}", "expected '\"', got 'a'"),
            ("{\"a\":\"\\q\"}", "unknown escape"),
            (String(repeating: "{\"a\":[", count: 100_000), "expected a value, got the end"),
        ] {
            try folder.write(text, "m/config.json")
            refused(.data, "m/config.json is not a JSON object", words)
        }
        try folder.write([0x7B, 0xFF, 0x7D], "m/config.json")
        refused(.data, "config.json is not UTF-8")
        try folder.write([UInt8](repeating: 32, count: 20_000_000), "m/config.json")
        refused(.data, "config.json has 20000000 bytes", "at most")
        // Python writes numbers that JSON does not have, and such models work.
        let odd = "{\"a\":[0.0,Infinity,-Infinity,NaN,1e-05,-0,true,null,\"\\u00e9\",{},[]]}"
        try folder.write(odd, "m/config.json")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").config == odd)
        try folder.write(
            String(repeating: "{\"a\":", count: 9999) + "1" + String(repeating: "}", count: 9999), "m/config.json")
        #expect(try OpenModel(at: folder.path + "/m", label: "m").config != nil)
    }
}

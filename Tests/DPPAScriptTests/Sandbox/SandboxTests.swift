import DPPA
import DPPAScript
import Foundation
import Testing

/// One attack a file in Attacks/: its first line says what must come of it.
@Suite struct SandboxTests {
    static let folder = NSString(string: #filePath).deletingLastPathComponent + "/Attacks"
    static let attacks = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".lua") }.sorted()

    @Test func everyAttackIsHere() { #expect(Self.attacks.count >= 200) }

    @Test(arguments: attacks)
    func attackFails(_ attack: String) throws {
        let scratch = try RecipeFolder()
        try scratch.addSideTensor("side.safetensors")
        let text = try String(contentsOfFile: Self.folder + "/" + attack, encoding: .utf8)
        let first = text.prefix { $0 != "\n" }
        let expected = String(first.dropFirst("-- expect: ".count))
        let recipe = try scratch.write(text, attack)
        let start = ContinuousClock.now
        let error = scratch.error(recipe)
        #expect(ContinuousClock.now - start < .seconds(10))
        if expected == "ok" {
            // A recipe that does no harm and gives no model.
            #expect(error?.message.contains("gives no model") == true, "\(error?.message ?? "no error")")
        } else {
            let all = ([error?.message ?? "no error"] + (error?.notes ?? [])).joined(separator: "\n")
            #expect(all.contains(expected), "\(all)")
            let codes: [DPPAError.Code] = [.data, .limit, .missingInput]
            #expect(error.map { codes.contains($0.code) } == true)
            // A file that is refused as a whole has no line.
            #expect(error?.location?.file == recipe || attack == "large_file.lua")
        }
    }

    @Test func bytecodeIsRefused() throws {
        let scratch = try RecipeFolder()
        let recipe = try scratch.write("\u{1B}Lua", "compiled.lua")
        #expect(scratch.error(recipe)?.message.contains("compiled Lua") == true)
    }

    @Test func aModuleThatIsALinkOutOfTheFolderIsRefused() throws {
        let outside = try RecipeFolder()
        let secret = try outside.write("return {}", "secret.lua")
        let scratch = try RecipeFolder()
        _ = try scratch.write("return {}", "lib/inner.lua")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/lib/secret.lua", withDestinationPath: secret)
        let recipe = try scratch.write("require \"inner\" require \"secret\"", "recipe.lua")
        #expect(scratch.error(recipe)?.message.contains("leads out of the recipe's folder") == true)
    }

    @Test func modulesThatRequireEachOtherAreAnErrorWithTheCircle() throws {
        let scratch = try RecipeFolder()
        _ = try scratch.write("return require \"b\"", "lib/a.lua")
        _ = try scratch.write("return require \"a\"", "lib/b.lua")
        let recipe = try scratch.write("require \"a\"", "recipe.lua")
        #expect(scratch.error(recipe)?.message.contains("a -> b -> a") == true)
    }
}

import DPPA
import Foundation
import Testing

/// A head that is stored is scored, whatever config.json says of ties, as transformers 5 does.
@Suite struct TiedHeadTests {
    @Test func aStoredHeadIsTheHead() throws {
        let (evaluator, node, expected, folder) = try ForwardPassTests.open("llama3", EngineOptions(threads: 2))
        let tokens = try #require(expected.tokens.first)
        let own = try ForwardPassTests.logProbabilities(evaluator, node, tokens)
        let config = folder.path + "/config.json"
        let text = try String(contentsOfFile: config, encoding: .utf8)
        try #require(text.contains("\"tie_word_embeddings\": false"))
        for spelling in ["\"tie_word_embeddings\": true", "\"tie_word_embeddings\": null"] {
            try text.replacing("\"tie_word_embeddings\": false", with: spelling)
                .write(toFile: config, atomically: true, encoding: .utf8)
            let graph = Graph()
            let checkpoint = try OpenModel(at: folder.path, label: "tied")
            let model = try graph.source(checkpoint)
            let tied = Evaluator(
                Engine(graph, options: EngineOptions(threads: 2)), dtype: nil)
            #expect(try ForwardPassTests.logProbabilities(tied, model, tokens) == own)
        }
    }
}

import DPPA
import Testing

@Suite("Names in adapters that are written") struct AdapterNamesTests {
    private func names(_ tensor: String, _ config: String) throws -> (names: AdapterNames, facts: TensorFacts) {
        let base = try TestFolder().model("base", [Sample(tensor, [2, 2], 1)], config: config)
        return (AdapterNames(base), try #require(base[tensor]?.facts))
    }

    @Test(
        "A checkpoint of a body gets the name that classes with a head have for it",
        arguments: [
            ("h.0.attn.c_attn.weight", "GPT2LMHeadModel", "gpt2", "transformer.h.0.attn.c_attn"),
            ("h.0.attn.c_attn.weight", "GPT2Model", "gpt2", "h.0.attn.c_attn"),
            ("transformer.h.0.attn.c_attn.weight", "GPT2LMHeadModel", "gpt2", "transformer.h.0.attn.c_attn"),
            ("layers.0.mlp.up_proj.weight", "LlamaForCausalLM", "llama", "model.layers.0.mlp.up_proj"),
            ("model.layers.0.mlp.up_proj.weight", "LlamaForCausalLM", "llama", "model.layers.0.mlp.up_proj"),
        ])
    func paths(tensor: String, architecture: String, type: String, path: String) throws {
        let (names, facts) = try names(
            tensor, "{\"architectures\": [\"\(architecture)\"], \"model_type\": \"\(type)\"}")
        #expect(names.module(facts) == path && names.isTransposed == (type == "gpt2"))
        #expect(names.factors(facts).down == "base_model.model.\(path).lora_A.weight")
        #expect(names.factors(facts).up == "base_model.model.\(path).lora_B.weight")
        #expect(names.task == (architecture == "GPT2Model" ? nil : "CAUSAL_LM"))
        #expect(names.whole(facts, isBeside: false) == "base_model.model.\(path).weight")
    }
}

import DPPA
import Testing

/// Names of real models against a table written from the architectures' definitions.
@Suite("Tensor naming")
struct TensorNamingTests {
    struct Line {
        var name: String
        var shape: [Int]
        var stack: String?
        var layer: Int?
        var module: String
        var isLinear: Bool
    }

    /// The table by architecture.
    static func table() throws -> [(architecture: String, lines: [Line])] {
        var table: [(architecture: String, lines: [Line])] = []
        let text = String(decoding: try readBytes(fixtures + "/naming/architectures.tsv"), as: UTF8.self)
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                table.append((String(line.dropFirst(3)), []))
            } else if !line.hasPrefix("#") {
                let cells = line.split(separator: "\t").map(String.init)
                try #require(cells.count == 6 && !table.isEmpty, "\(line)")
                let shape = cells[1] == "()" ? [] : try cells[1].split(separator: "x").map { try #require(Int($0)) }
                table[table.count - 1].lines.append(
                    Line(
                        name: cells[0], shape: shape, stack: cells[2] == "-" ? nil : cells[2], layer: Int(cells[3]),
                        module: cells[4] == "-" ? "" : cells[4], isLinear: cells[5] == "yes"))
            }
        }
        return table
    }

    @Test("Stack, layer, module and linear are those of the architecture, for 15 architectures and their variants")
    func architectures() throws {
        let table = try Self.table()
        #expect(Set(table.map { $0.architecture.prefix { $0 != "(" } }).count >= 15)
        for (architecture, lines) in table {
            let found = TensorNaming.facts(lines.map { ($0.name, $0.shape) })
            for (line, facts) in zip(lines, found) {
                let comment = Comment(rawValue: "\(architecture): \(line.name)")
                #expect(facts.name == line.name && facts.shape == line.shape, comment)
                #expect(facts.stack == line.stack, comment)
                #expect(facts.layer == line.layer, comment)
                #expect(facts.module == line.module, comment)
                #expect(facts.isLinear == line.isLinear, comment)
            }
        }
    }

    @Test("Depth goes from 0 to 1 over each stack by itself, and is 0 in a stack of one block")
    func depth() {
        let names = [
            "visual.blocks.0.attn.qkv.weight", "visual.blocks.4.attn.qkv.weight", "visual.blocks.1.attn.qkv.weight",
            "model.layers.0.mlp.up_proj.weight", "model.layers.2.mlp.up_proj.weight",
            "model.layers.1.mlp.up_proj.weight",
            "only.layers.0.mlp.up_proj.weight", "model.norm.weight",
        ]
        let found = TensorNaming.facts(names.map { ($0, [4, 4]) }).map(\.depth)
        #expect(found == [0, 1, 0.25, 0, 1, 0.5, 0, nil])
    }

    @Test("Roles by what the module does, whatever the family calls it")
    func roles() {
        let expected: [(String, [Int], String)] = [
            ("model.layers.0.self_attn.q_proj.weight", [4, 4], "q"),
            ("model.layers.0.self_attn.q_proj.bias", [4], "bias"),
            ("model.layers.0.self_attn.kv_b_proj.weight", [4, 4], "kv"),
            ("model.layers.0.self_attn.o_proj.weight", [4, 4], "o"),
            ("model.layers.0.mlp.gate_proj.weight", [4, 4], "gate"),
            ("model.layers.0.mlp.experts.3.w2.weight", [4, 4], "experts.down"),
            ("model.layers.0.mlp.experts.gate_up_proj", [2, 4, 4], "experts.gate_up"),
            ("model.layers.0.mlp.gate.weight", [2, 4], "router"),
            ("model.layers.0.mlp.shared_expert.up_proj.weight", [4, 4], "up"),
            ("model.layers.0.mlp.shared_expert_gate.weight", [1, 4], "router"),
            ("model.layers.0.q_norm.weight", [4], "norm"),
            ("h.0.attn.c_attn.weight", [4, 12], "qkv"), ("h.0.attn.c_proj.weight", [4, 4], "o"),
            ("h.0.mlp.c_proj.weight", [4, 4], "down"),
            ("h.0.ln_1.weight", [4], "norm"), ("wte.weight", [9, 4], "embedding"),
            ("gpt_neox.embed_in.weight", [9, 4], "embedding"),
            ("embed_out.weight", [9, 4], "head"), ("lm_head.weight", [9, 4], "head"),
            ("bert.pooler.dense.weight", [4, 4], "other"),
            ("bert.encoder.layer.0.attention.output.dense.weight", [4, 4], "o"),
            ("bert.encoder.layer.0.output.dense.weight", [4, 4], "down"),
            ("bert.encoder.layer.0.intermediate.dense.weight", [4, 4], "up"), ("shared.weight", [9, 4], "embedding"),
            ("encoder.block.0.layer.0.SelfAttention.o.weight", [4, 4], "o"),
            ("encoder.block.0.layer.1.DenseReluDense.wo.weight", [4, 4], "down"),
            ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [9, 4], "embedding"),
            ("visual.blocks.0.attn.proj.weight", [4, 4], "o"), ("layers.0.attention.wo.weight", [4, 4], "o"),
            ("layers.0.feed_forward.w3.weight", [4, 4], "up"),
            ("model.layers.9.shared_head.head.weight", [9, 4], "head"),
        ]
        for (entry, facts) in zip(expected, TensorNaming.facts(expected.map { ($0.0, $0.1) })) {
            #expect(facts.role == entry.2, "\(entry.0)")
        }
    }

    @Test("A module called gate is a router where experts stand beside it in its stack, and a linear where none do")
    func gates() {
        let facts = TensorNaming.facts([
            ("dense.layers.0.mlp.gate.weight", [8, 4]), ("model.layers.0.mlp.gate.weight", [2, 4]),
            ("model.layers.1.mlp.experts.0.up.weight", [8, 4]), ("model.layers.1.mlp.router.layer.weight", [2, 4]),
        ])
        #expect(facts.map(\.isLinear) == [true, false, true, false])
    }

    @Test("A number is a layer only with a module and a parameter behind it, or where others of its stack have them")
    func numbers() {
        let facts = TensorNaming.facts([
            ("mlp1.0.weight", [4, 4]), ("projector.layers.2.bias", [4]), ("model.layers.3.layer_scalar", [1]),
            ("model.layers.3.mlp.up_proj.weight", [4, 4]),
            ("0.auto_model.encoder.layer.5.output.dense.weight", [4, 4]),
            ("a.+3.b.weight", [4, 4]), ("a.-0.b.weight", [4, 4]), ("a.٣.b.weight", [4, 4]),
            ("a.1234567.b.weight", [4, 4]),
            ("", [4]), (".", [4]), ("..3..", [4, 4]), ("experts.3.up.weight", [4, 4]), ("12", []),
        ])
        #expect(facts.prefix(5).map(\.layer) == [nil, nil, 3, 3, 5])
        #expect(
            facts[4].stack == "0.auto_model.encoder.layer" && facts[2].module == "" && facts[2].stack == "model.layers")
        #expect(facts[5...8].allSatisfy { $0.layer == nil } && facts[12].layer == nil && facts[13].layer == nil)
    }

    @Test("Matrices without a module of their own are linears only among experts and as joint attention weights")
    func bareMatrices() {
        let facts = TensorNaming.facts([
            ("visual.resblocks.0.attn.in_proj_weight", [12, 4]), ("visual.resblocks.0.attn.rel_pos_h", [12, 4]),
            ("layers.0.mixer.A_log", [4, 4]), ("layers.0.mixer.conv1d.weight", [4, 1, 4]),
            ("layers.0.mixer.in_proj.weight", [8, 4]),
            ("layers.0.ffn.experts.mlp.w1", [32, 4]), ("layers.0.ffn.experts.down_proj_scales", [2, 4]),
            ("layers.0.block_sparse_moe.input_linear.weight", [2, 8, 4]),
        ])
        #expect(facts.map(\.isLinear) == [true, false, false, false, true, true, false, true])
        #expect(facts[0].role == "qkv" && facts[4].role == "other")
    }
}

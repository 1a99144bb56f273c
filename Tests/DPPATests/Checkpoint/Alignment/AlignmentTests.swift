import DPPA
import Testing

@Suite("A model fitted to another") struct AlignmentTests {
    private let folder: TestFolder
    private let embedding = "model.embed_tokens.weight"
    private let head = "lm_head.weight"
    private let matrix = Sample("model.layers.0.mlp.up_proj.weight", [3, 2], 20)

    init() throws { folder = try TestFolder() }

    private func options(_ change: (inout AlignmentOptions) -> Void) -> AlignmentOptions {
        var options = AlignmentOptions()
        change(&options)
        return options
    }

    private let tied = "{\"tie_word_embeddings\": true}"

    @Test("A tied head is the embedding, a copy of it is left out, and one of its own needs a place in the base")
    func heads() throws {
        let words = Sample(embedding, [4, 2], 1)
        let stored = try folder.model("stored", [words, matrix, Sample(head, [4, 2], 50)])
        let none = try folder.model("none", [Sample(embedding, [4, 2], 7), matrix], config: tied)
        let copy = try folder.model(
            "copy", [Sample(embedding, [4, 2], 9), matrix, Sample(head, [4, 2], 9)], config: tied)
        let untied = try folder.model("untied", [words, matrix], config: "{\"tie_word_embeddings\": false}")

        let view = try none.aligned(to: stored)
        #expect(try view.model.floats(head) == none.floats(embedding))
        #expect(view.notes.map(\.line) == ["note: none: \(head) taken from \(embedding), to which it is tied"])
        let bare = try copy.aligned(to: none)
        #expect(
            bare.model[head] == nil
                && bare.notes.map(\.line) == ["note: copy: \(head) left out: a copy of \(embedding)"])
        expectError(.data, [head, "missing = \"base\""]) { _ = try untied.aligned(to: stored) }
        expectError(.data, ["a head of its own", "dppa.family"]) { _ = try stored.aligned(to: none) }
        expectError(.data, ["fitting heads is refused"]) {
            _ = try none.aligned(to: stored, options { $0.refused = [.heads] })
        }

        let family = try ModelFamily(base: none, experts: [stored, copy])
        #expect(try family.base.floats(head) == none.floats(embedding))
        #expect(try family.experts[0].floats(head) == stored.floats(head))
        #expect(try family.experts[1].floats(head) == copy.floats(embedding))
        let plain = try ModelFamily(base: copy, experts: [none])
        #expect(plain.base[head] == nil && plain.experts[0][head] == nil)
    }

    @Test("Vocabularies get the reference's rows, of two types in float32; other matrices do not")
    func rows() throws {
        let base = try folder.model("base", [Sample(embedding, [4, 2], 1), matrix])
        let grown = try folder.model("grown", [Sample(embedding, [6, 2], 100), matrix])
        let short = try folder.model("short", [Sample(embedding, [3, 2], 200, isHalf: true), matrix])
        #expect(try grown.aligned(to: base).model.floats(embedding) == (100..<108).map { Float($0) })
        let filled = try short.aligned(to: base)
        #expect(try filled.model.floats(embedding) == (200..<206).map { Float($0) } + [7, 8])
        #expect(filled.model.source(embedding)?.dtype == .f32)
        #expect(
            filled.notes[0].line.hasPrefix(
                "warning: short: the last rows of \(embedding) (3 rows, 4 in base) are those"))
        expectError(.data, ["fitting rows is refused"]) {
            _ = try grown.aligned(to: base, options { $0.refused = [.rows] })
        }
        let wide = try folder.model("wide", [Sample(embedding, [4, 2], 1), Sample(matrix.name, [5, 2], 1)])
        #expect(try wide.aligned(to: base).model.source(matrix.name)?.shape == [5, 2])
    }

    @Test("A family takes the rows of the base, of the experts or the fewest, and vocab_size goes along")
    func familyRows() throws {
        let config = "{\"vocab_size\": 4}"
        let base = try folder.model("base", [Sample(embedding, [4, 2], 1), matrix], config: config)
        let grown = try folder.model("grown", [Sample("text_model." + embedding, [6, 2], 100), matrix])
        let short = try folder.model("short", [Sample(embedding, [3, 2], 200), matrix])
        let larger = try ModelFamily(base: base, experts: [grown], options { $0.rows = .expert })
        #expect(try larger.base.floats(embedding) == (1...8).map { Float($0) } + [108, 109, 110, 111])
        #expect(try larger.experts[0].floats(embedding) == grown.floats("text_model." + embedding))
        #expect(larger.base.config == "{\"vocab_size\": 6}")
        let fewest = try ModelFamily(base: base, experts: [grown, short], options { $0.rows = .cut })
        #expect(try fewest.base.floats(embedding) == (1...6).map { Float($0) })
        #expect(try fewest.experts[0].floats(embedding) == (100...105).map { Float($0) })
        #expect(fewest.experts[1].identity == short.identity)
        expectError(.data, ["has 6 rows", "3"]) {
            _ = try ModelFamily(base: base, experts: [grown, short], options { $0.rows = .expert })
        }
    }

    @Test("Whole parts may be missing and are the reference's; tensors inside a part may not, unless that is said")
    func missing() throws {
        let config = "{\"num_hidden_layers\": 2}"
        let layers = (0..<3).map { Sample("model.layers.\($0).mlp.up_proj.weight", [3, 2], Float(20 + 10 * $0)) }
        let tower = [
            Sample("visual.blocks.0.attn.qkv.weight", [2, 2], 60), Sample("visual.merger.fc.weight", [2, 2], 70),
        ]
        let base = try folder.model("base", layers + tower, config: config)
        // Layer 2 stands beyond the blocks that config.json counts: a head that predicts further tokens.
        let text = try folder.model("text", Array(layers[..<2]), config: config)
        let view = try text.aligned(to: base)
        #expect(view.model.weights == base.weights && view.notes.count == 1 && view.notes[0].isWarning)
        for sample in tower + layers { #expect(try view.model.floats(sample.name) == sample.values) }
        expectError(.data, ["fitting missing is refused"]) {
            _ = try text.aligned(to: base, options { $0.refused = [.missing] })
        }
        let short = try folder.model("short", [layers[0]], config: config)
        expectError(.data, ["lacks 1 tensor", layers[1].name, "missing = \"base\""]) { _ = try short.aligned(to: base) }
        let filled = try short.aligned(to: base, options { $0.missing = .base })
        #expect(try filled.model.floats(layers[1].name) == layers[1].values)
    }

    @Test("What only the model has is left out where it is a part, and kept by a family that is told to")
    func extra() throws {
        let base = try folder.model("base", [matrix])
        let bias = Sample("model.language_model.layers.0.mlp.up_proj.bias", [3], 40)
        let named = Sample("model.language_model.layers.0.mlp.up_proj.weight", [3, 2], 90)
        let tower = Sample("model.visual.blocks.0.attn.qkv.weight", [2, 2], 60)
        let vision = try folder.model("vision", [named, tower])
        let view = try vision.aligned(to: base)
        #expect(view.model.weights == base.weights && view.notes.map(\.step) == [.names, .extra])
        let biased = try folder.model("biased", [named, bias])
        expectError(.data, ["has 1 tensor", bias.name, "extra = \"drop\""]) { _ = try biased.aligned(to: base) }
        #expect(try biased.aligned(to: base, options { $0.extra = .drop }).model.weights == base.weights)
        let family = try ModelFamily(base: base, experts: [vision], options { $0.extra = .keep })
        #expect(
            try family.base.floats(tower.name) == tower.values && family.experts[0].floats(tower.name) == tower.values)
        #expect(try family.experts[0].floats(matrix.name) == named.values)
    }

    @Test("Fused experts and one matrix for each are the same bytes in other places")
    func mixtures() throws {
        let (site, experts, inner, hidden) = ("model.layers.0.mlp.experts.", 3, 2, 5)
        let split = (0..<experts).flatMap { expert in
            [("gate_proj", [inner, hidden]), ("up_proj", [inner, hidden]), ("down_proj", [hidden, inner])]
                .enumerated().map { place, part in
                    Sample("\(site)\(expert).\(part.0).weight", part.1, Float(expert * 60 + place * 20))
                }
        }
        let (stack, back) = (site + "gate_up_proj", site + "down_proj")
        let fused = [Sample(stack, [experts, 2 * inner, hidden], 1), Sample(back, [experts, hidden, inner], 100)]
        let (apart, together) = (try folder.model("apart", split), try folder.model("together", fused))

        let joined = try apart.aligned(to: together).model
        #expect(try joined.floats(stack) == split.filter { !$0.name.contains("down") }.flatMap(\.values))
        #expect(try joined.floats(back) == split.filter { $0.name.contains("down") }.flatMap(\.values))
        let taken = try together.aligned(to: apart)
        #expect(try taken.model.floats(site + "1.up_proj.weight") == Array(fused[0].values[30..<40]))
        #expect(try taken.model.floats(site + "2.gate_proj.weight") == Array(fused[0].values[40..<50]))
        #expect(try taken.model.floats(site + "1.down_proj.weight") == Array(fused[1].values[10..<20]))
        #expect(taken.notes.map(\.line) == ["note: together: 2 stacks of experts taken apart into 9 matrices"])
        // Stacks of other shapes are not these experts.
        let other = try folder.model("other", [Sample(stack, [experts, hidden, 2 * inner], 1), fused[1]])
        expectError(.data, ["no tensor in common"]) { _ = try other.aligned(to: apart) }
    }

    @Test("Any range of elements is what the whole has there")
    func ranges() throws {
        let base = try folder.model("base", [Sample(embedding, [9, 3], 1), matrix])
        let short = try folder.model("short", [Sample(embedding, [4, 3], 100, isHalf: true), matrix])
        let source = try #require(try short.aligned(to: base).model.source(embedding))
        let whole = try source.bytes()
        for start in 0..<27 {
            for end in start...27 {
                var bytes = [UInt8](repeating: 0, count: (end - start) * 4)
                try bytes.withUnsafeMutableBytes {
                    try source.load(
                        start..<end, into: try #require($0.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)))
                }
                #expect(bytes == Array(whole[start * 4..<end * 4]))
            }
        }
    }

    @Test("Buffers are copied and never merged, whatever their type, and need not be there")
    func buffers() throws {
        let buffer = "model.layers.0.self_attn.rotary_emb.inv_freq"
        let base = try folder.model("base", [matrix, Sample(buffer, [4], 1)])
        #expect(base.weights.map(\.name) == [matrix.name] && base.carried.map(\.name) == [buffer])
        let bare = try folder.model("bare", [matrix])
        #expect(try bare.aligned(to: base).notes.isEmpty)
        #expect(try base.aligned(to: bare).notes.map(\.line) == ["note: base: 1 buffer left out"])
        let mask = try folder.model(
            "mask", [Sample("h.0.attn.bias", [1, 1, 3, 3], 1), Sample("h.0.attn.c_attn.bias", [6], 1)])
        #expect(mask.carried.map(\.name) == ["h.0.attn.bias"])
    }
}

"""Makes small tokenizers of every kind that is read, and what the tokenizers and sentencepiece packages make of difficult texts.

    python generate.py        needs tokenizers and sentencepiece; writes NAME.json, sentencepiece*.model and cases.json here

cases.json: for each tokenizer its texts with three lists of tokens: special tokens as text, special tokens recognised, and the
latter with the template.
"""

import io
import json
import pathlib

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
DEEPSEEK = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"]

CORPUS = [
    "The quick brown fox jumps over the lazy dog; the dog sleeps, and the fox runs on through the woods.",
    "def area(radius):\n    return 3.14159 * radius ** 2\n\n\nfor i in range(10):\n\tprint(area(i), end='')\n",
    "Всё счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.",
    "日本語の文章と中文的句子，都没有空格。数字は１２３、四百五十六です。", "Ünïcödé naïve café, e\u0301te\u0301, \u212bngström, ﬁnal",
    "I'LL don't can't we've YOU'RE it's IT'S 12345 x=3.14 1,000,000 2024-01-01", "🙂 😀👨‍👩‍👧‍👦 🇩🇪 emoji\n\n  and   spaces\r\n\ttabs \u00a0nbsp\u3000wide",
] * 4

TEXTS = CORPUS[:7] + [
    "", " ", "  ", "\n", "a", " a", "a ", "  a  b  ", "\n\n\n", " \n \n", "\t\t x", "a\r\nb\rc", "don't", "DON'T DON’T", "'s 's'S 'ſ'LLama",
    "x'll'd've", "1", "12", "1234567", "１２３４", "½⅓Ⅷ٣", "a1b22c333d4444", "<s>", "</s>x", "<|im_start|>user\nHi<|im_end|>\n", "a<|im_end|> b",
    "tool  <tool>  x", "word<word> <word>word <word>", "x<lead> y  <lead>", "<mid>a<mid>", "<s><s> </s>", "<unk>", "▁", "a▁b", "▁▁a", "Ġ", "Ċa",
    "\u0000\u0001\u007f\u0080\u0085\u200b\ufeff", "e\u0301\u0302", "\u1112\u1161\u11ab한", "\U0001F468\u200D\U0001F469", "\u2028\u2029x", "<0x41>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the" * 40, "日" * 50, " " * 70 + "x",
    "ascii" + "é" * 45, "https://example.org/a/b?c=d&e=%20#f", "{\"a\": [1, 2.5, null]}", "a̐éö̲\n", "Привет, мир! 123", "ﷺ ﬃ ſt", "ǅ ǈ ʰ ٠١",
    "\u1113\u1161 \u1102\u1176", "\u1105\u1171\u11a7 \u1100\u1161\u11a8\u11a8 \uac00\u11a8 \u1100\u0301\u1161", "\u3131\u314f \uff76\uff9e",
    "foo_bar__baz", "CamelCaseXMLHttp", "snake_case/path\\win", "  \u00a0 \u3000x", "\u180e\u200a x", "tail   ", "tail\n", "tail \n ",
]

ADDED = [
    AddedToken("<s>", special=True, normalized=False), AddedToken("</s>", special=True, normalized=False),
    AddedToken("<|im_start|>", special=True, normalized=False), AddedToken("<|im_end|>", special=True, normalized=False),
    AddedToken("<tool>", special=False, normalized=False, lstrip=True, rstrip=True),
    AddedToken("<word>", special=False, normalized=False, single_word=True),
    AddedToken("<lead>", special=False, normalized=True, lstrip=True), AddedToken("<mid>", special=False, normalized=True),
    AddedToken("Émile", special=False, normalized=True),
]


def trained(vocabulary, *, normalizer=None, pre=None, byte_level=True, **options):
    tokenizer = Tokenizer(models.BPE(unk_token=None if byte_level else "<unk>", **options))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else []
    special = [] if byte_level else ["<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=alphabet, special_tokens=special, show_progress=False))
    return tokenizer


def without_trained_specials(tokenizer):
    """Bytes and the unknown piece were special so that they are in the vocabulary; in real files they are pieces alone."""
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    return Tokenizer.from_str(json.dumps(data))


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def plain_bytes():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def tokenizers():
    nfc = normalizers.NFC()
    yield "gpt2", trained(450, pre=pre_tokenizers.ByteLevel(add_prefix_space=False))
    yield "gpt2_prefix", trained(420, pre=pre_tokenizers.ByteLevel(add_prefix_space=True))
    yield "llama3", trained(450, pre=pre_tokenizers.Sequence([split(LLAMA3), plain_bytes()]), ignore_merges=True)
    yield "qwen2", trained(450, normalizer=nfc, pre=pre_tokenizers.Sequence([split(QWEN2), plain_bytes()]))
    yield "smollm2", trained(450, pre=pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    yield "o200k", trained(450, pre=pre_tokenizers.Sequence([split(O200K), plain_bytes()]))
    yield "deepseek", trained(450, pre=pre_tokenizers.Sequence([*(split(p) for p in DEEPSEEK), plain_bytes()]))
    legacy = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    sentence = {"byte_level": False, "byte_fallback": True, "fuse_unk": True}
    yield "llama2", without_trained_specials(trained(520, normalizer=legacy, **sentence))
    yield "metaspace_first", without_trained_specials(
        trained(520, pre=pre_tokenizers.Metaspace("▁", "first", split=False), **sentence))
    yield "metaspace_split", without_trained_specials(
        trained(520, pre=pre_tokenizers.Metaspace("▁", "always", split=True), **sentence))
    # No bytes: what is not in the vocabulary is unknown.
    unknown = trained(300, normalizer=normalizers.Sequence([normalizers.Strip(), normalizers.Lowercase(), normalizers.NFKC()]),
                      pre=pre_tokenizers.Sequence([split(r"\s+", "removed"), pre_tokenizers.Digits(individual_digits=False)]),
                      byte_level=False, fuse_unk=True)
    yield "unknown", without_trained_specials(unknown)
    merged = pre_tokenizers.Sequence([split(r"\s", "merged_with_next"), split("[,.;]", "merged_with_previous"),
                                      split("[a-z]+", "contiguous", True), plain_bytes()])
    yield "behaviours", trained(430, pre=merged)


def tokens(tokenizer, text, special, template):
    tokenizer.encode_special_tokens = not special
    return tokenizer.encode(text, add_special_tokens=template).ids


def main():
    cases = {}
    for name, tokenizer in tokenizers():
        tokenizer.add_tokens([t for t in ADDED if not t.special])
        tokenizer.add_special_tokens([t for t in ADDED if t.special])
        begin, end = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", begin), ("</s>", end)])])
        tokenizer.decoder = decoders.ByteLevel()
        path = HERE / f"{name}.json"
        tokenizer.save(str(path), pretty=False)
        tokenizer = Tokenizer.from_file(str(path))
        cases[path.name] = [[text, tokens(tokenizer, text, False, False), tokens(tokenizer, text, True, False),
                             tokens(tokenizer, text, True, True)] for text in TEXTS]
    for name, options in {
        "sentencepiece": {"byte_fallback": True, "remove_extra_whitespaces": False},
        "sentencepiece_collapsing": {"byte_fallback": False, "remove_extra_whitespaces": True},
    }.items():
        # Into memory: a model written to a file holds the paths of its training.
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=written, model_type="bpe", vocab_size=600, character_coverage=0.98,
            normalization_rule_name="identity", user_defined_symbols=["<tool>", "<mid>"], minloglevel=2, **options)
        (HERE / f"{name}.model").write_bytes(written.getvalue())
        processor = sentencepiece.SentencePieceProcessor(str(HERE / f"{name}.model"))
        cases[f"{name}.model"] = [[text, processor.encode(text)] for text in TEXTS if "\0" not in text]
    (HERE / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

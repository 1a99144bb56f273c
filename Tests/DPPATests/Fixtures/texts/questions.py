"""Questions in the shapes in which benchmarks are published, written for these tests: python questions.py writes tasks/.

Beside each file of questions lies the task that reads it; HARNESS says the same to lm-evaluation-harness.
"""
import json, pathlib

HERE = pathlib.Path(__file__).resolve().parent


def arc(question, texts, key, labels="ABCD"):
    return {"id": f"q{len(question)}", "question": question, "choices": {"text": texts, "label": list(labels[:len(texts)])},
            "answerKey": key}


def swag(label, a, b, endings, right):
    return {"ind": len(a), "activity_label": label, "ctx_a": a, "ctx_b": b, "ctx": a + " " + b, "endings": endings, "label": right}


def pubmed(question, contexts, decision):
    return {"QUESTION": question, "CONTEXTS": contexts, "final_decision": decision}


FILES = {
    "arc.jsonl": [
        arc("Which of these is needed for a plant to grow?", ["light", "glass", "sound", "iron wheels"], "A"),
        arc("What happens to water in a freezer?", ["It burns.", "It becomes ice.", "It becomes salt."], "2", "123"),
        arc("Which animal lays eggs?", ["a cow", "a dog", "a hen", "a horse"], "C"),
        arc("What does a thermometer measure?", ["weight", "length", "time", "temperature"], "D"),
        arc("Why is it dark at night?", ["The Sun goes out.", "Our side of the Earth faces away from the Sun."], "B"),
        arc("Which one is a liquid at room temperature?", ["milk", "wood", "gold", "ice"], "A"),
        arc("Was ist größer? 日本?", ["ein Haus", "ein Schlüssel"], "A"),
    ],
    "hellaswag.jsonl": [
        swag("Baking bread", "A man puts flour into a bowl.", "he", [
            "adds water and stirs it with a spoon.", "climbs a tree [substeps] with both hands.", "sells the car.",
            "closes the window  and sleeps."], "0"),
        swag("Washing a car", "[header] How to wash a car [title] Get a bucket. [step] Fill it.", "", [
            "Then read a book.", "Then take a sponge and clean the roof first.", "Then paint it blue.", "Eat it."], "1"),
        swag("Playing chess", "Two women sit at a table.", "one of them", [
            "swims away.", "pours the board into a cup.", "moves a white piece.", "burns the chairs."], "2"),
        swag("Fishing", "A boy holds a rod by the lake.", "the line", [
            "sings.", "is made of bread.", "walks home.", "pulls, and he lifts a small fish."], "3"),
    ],
    "mmlu.jsonl": [
        {"question": "How many sides does a square have? ", "subject": "shapes", "choices": ["3", "4", "5", "6"], "answer": 1},
        {"question": "Which one is a metal?", "subject": "matter", "choices": ["iron", "wool", "bread", "sand"], "answer": 0},
        {"question": "Where does the Sun rise?", "subject": "sky", "choices": ["north", "west", "east", "south"], "answer": 2},
        {"question": "What is 12 / 4?", "subject": "numbers", "choices": ["2", "6", "4", "3"], "answer": 3},
    ],
    "mmlu_dev.jsonl": [
        {"question": "Which one is a fruit?", "subject": "food", "choices": ["a pear", "a stone", "a door", "a cup"], "answer": 0},
        {"question": "What is 2 + 2?", "subject": "numbers", "choices": ["3", "5", "4", "1"], "answer": 2},
        {"question": "Not used?", "subject": "numbers", "choices": ["a", "b", "c", "d"], "answer": 2},
    ],
    "pubmedqa.jsonl": [
        pubmed("Does rest help after running?", ["Forty runners rested for a day.", "Their pain was less than before."], "yes"),
        pubmed("Is tea as good as sleep?", ["Tea was given to one group.", "The other one slept, and did better."], "no"),
        pubmed("Do longer walks change the pulse?", ["Twelve people walked.", "Results were mixed."], "maybe"),
    ],
    "gsm8k.jsonl": [
        {"question": "Tom has 3 apples and buys 4. How many has he?", "answer": "He has 3 + 4 = <<3+4=7>>7 apples.\n#### 7"},
        {"question": "A box holds 12 eggs. How many are in 100 boxes?", "answer": "12 * 100 = <<12*100=1200>>1200.\n#### 1,200"},
        {"question": "Ann is 5 years older than Bo, who is 9. How old is Ann?", "answer": "9 + 5 = 14.\n#### 14"},
    ],
    "gsm8k_train.jsonl": [
        {"question": "What is one more than 1?", "answer": "1 + 1 = <<1+1=2>>2.\n#### 2"},
        {"question": "A pen costs 2 coins. What do 5 cost?", "answer": "5 * 2 = 10 coins.\n#### 10"},
    ],
    "documents.jsonl": [
        {"page": "The old bridge was closed to carts. Nobody knew for how long, and nobody asked.\n\nIn spring it was open again."},
        {"page": " A text that begins with a space, and ends with two.  "},
        {"page": "def area(radius):\n    return 3.14159 * radius ** 2\n"},
        {"page": "Всё хорошо. 日本語の文章。 Ünïcödé naïve café 🙂\u00a0end"},
        {"page": "x"},
        {"page": "The dog sleeps, and the fox runs on through the woods; " * 9},
    ],
    "completion.jsonl": [
        {"text": "The baker opens the shop and sells warm bread"}, {"text": "She opened the door with her key"},
        {"text": "In winter the lake is covered with ice"}, {"text": "He counted: one, two, three"},
    ],
}

SWAG = "{} | trim | replace(' [title]', '. ') | regex_replace('\\[[^\\]]*\\]', '') | replace('  ', ' ')"
QUESTION = "Question: {{question}}\nAnswer:"
MMLU = "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:"

TASKS = {
    "arc": {"data": "arc.jsonl", "prompt": QUESTION, "choices": "{{choices.text}}", "answer": "{{choices.label.index(answerKey)}}"},
    "hellaswag": {
        "data": "hellaswag.jsonl", "metric": "acc_norm",
        "prompt": "{{ " + SWAG.format("(activity_label ~ ': ' ~ ctx_a ~ ' ' ~ ctx_b.capitalize())") + " }}",
        "choices": "{{ endings | map('trim') | map('replace', ' [title]', '. ') | map('regex_replace', '\\[[^\\]]*\\]', '') "
                   "| map('replace', '  ', ' ') | list }}",
        "answer": "{{label}}"},
    "mmlu": {
        "data": "mmlu.jsonl", "prompt": MMLU, "choices": ["A", "B", "C", "D"], "answer": "{{answer}}",
        "examples": "mmlu_dev.jsonl", "num_fewshot": 2, "description": "The following are questions with answers.\n\n"},
    "mmlu_chat": {
        "data": "mmlu.jsonl", "prompt": MMLU, "choices": ["A", "B", "C", "D"], "answer": "{{answer}}",
        "examples": "mmlu_dev.jsonl", "num_fewshot": 2, "description": "You answer with a letter.", "chat": True},
    "pubmedqa": {
        "data": "pubmedqa.jsonl", "prompt": "Abstract: {{CONTEXTS | join('\n')}}\nQuestion: {{QUESTION}}\nAnswer:",
        "choices": ["yes", "no", "maybe"], "answer": "{{final_decision}}"},
    "gsm8k": {
        "data": "gsm8k.jsonl", "metric": "generate", "prompt": QUESTION, "target": "{{answer}}", "examples": "gsm8k_train.jsonl",
        "num_fewshot": 2, "stop": ["Question:", "</s>", "<|im_end|>"], "max_tokens": 24, "answer_after": "####"},
    "gsm8k_chat": {
        "data": "gsm8k.jsonl", "metric": "generate", "prompt": "{{question}}", "target": "{{answer.split('#### ')[-1]}}",
        "stop": ["\n\n"], "max_tokens": 24, "chat": True},
    "documents": {"data": "documents.jsonl", "text": "{{page}}", "metric": "word_perplexity", "window": 48},
    "completion": {
        "data": "completion.jsonl", "prompt": "{{text.split(' ')[:-1] | join(' ')}}", "target": "{{' ' + text.split(' ')[-1]}}"},
}

ACC = [{"metric": "acc"}, {"metric": "acc_norm"}]
CHOICE = {"output_type": "multiple_choice", "metric_list": ACC}


def first(split, count):
    return {"fewshot_split": split, "fewshot_config": {"sampler": "first_n"}, "num_fewshot": count}


def swag_docs(dataset):
    import re

    def clean(text):
        text = text.strip().replace(" [title]", ". ")
        return re.sub("\\[.*?\\]", "", text).replace("  ", " ")

    return dataset.map(lambda doc: {
        "query": clean(doc["activity_label"] + ": " + doc["ctx_a"] + " " + doc["ctx_b"].capitalize()),
        "all": [clean(ending) for ending in doc["endings"]], "gold": int(doc["label"])})


HARNESS = {
    "arc": CHOICE | {"doc_to_text": QUESTION, "doc_to_choice": "{{choices.text}}", "doc_to_target": "{{choices.label.index(answerKey)}}"},
    "hellaswag": CHOICE | {"process_docs": swag_docs, "doc_to_text": "{{query}}", "doc_to_choice": "all", "doc_to_target": "{{gold}}"},
    "mmlu": CHOICE | first("train", 2) | {
        "doc_to_text": MMLU, "doc_to_choice": ["A", "B", "C", "D"], "doc_to_target": "answer",
        "description": "The following are questions with answers.\n\n"},
    "mmlu_chat": CHOICE | first("train", 2) | {
        "doc_to_text": MMLU, "doc_to_choice": ["A", "B", "C", "D"], "doc_to_target": "answer",
        "description": "You answer with a letter."},
    "pubmedqa": CHOICE | {
        "doc_to_text": "Abstract: {{CONTEXTS | join('\n')}}\nQuestion: {{QUESTION}}\nAnswer:",
        "doc_to_choice": ["yes", "no", "maybe"], "doc_to_target": "final_decision"},
    "gsm8k": first("train", 2) | {
        "output_type": "generate_until", "doc_to_text": QUESTION, "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["Question:", "</s>", "<|im_end|>"], "do_sample": False, "max_gen_toks": 24},
        "filter_list": [{"name": "strict", "filter": [
            {"function": "regex", "regex_pattern": "#### (\\-?[0-9\\.\\,]+)"}, {"function": "take_first"}]}],
        "metric_list": [{"metric": "exact_match", "ignore_case": True, "regexes_to_ignore": [",", "\\$", "(?s).*#### ", "\\.$"]}]},
    "gsm8k_chat": {
        "output_type": "generate_until", "doc_to_text": "{{question}}", "doc_to_target": "{{answer.split('#### ')[-1]}}",
        "generation_kwargs": {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 24},
        "metric_list": [{"metric": "exact_match"}]},
    "documents": {
        "output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "{{page}}",
        "metric_list": [{"metric": "word_perplexity"}, {"metric": "byte_perplexity"}]},
    "completion": {
        "output_type": "loglikelihood", "doc_to_text": "{{text.split(' ')[:-1] | join(' ')}}",
        "doc_to_target": "{{' ' + text.split(' ')[-1]}}", "metric_list": [{"metric": "acc"}]},
}

if __name__ == "__main__":
    folder = HERE / "tasks"
    folder.mkdir(exist_ok=True)
    for name, lines in FILES.items():
        (folder / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    for name, task in TASKS.items():
        (folder / f"{name}.json").write_text(json.dumps(task, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

"""What lm-evaluation-harness says of a model on the tasks of questions.py: harness.py MODEL, needs lm_eval, transformers, torch.

answers(model) gives for each task its metrics and, for each question, the prompt that the harness makes of it, the
log-likelihoods of its choices, target or document, or the text that is generated. Float32, one request at a time.
"""
import json, os, pathlib, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from questions import HARNESS, TASKS


def answers(model, harness=HARNESS, tasks=TASKS, folder=HERE / "tasks", **options):
    import lm_eval, torch
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(options.get("threads", 1))
    models = {}
    result = {}
    for name, config in harness.items():
        own = tasks[name]
        window = own.get("window")
        if window not in models:
            models[window] = HFLM(
                pretrained=str(model), device="cpu", dtype="float32", batch_size=1, max_length=window,
                attn_implementation="eager")
        files = {"test": str(folder / own["data"])}
        if "examples" in own:
            files["train"] = str(folder / own["examples"])
        config = {"task": name, "dataset_path": "json", "dataset_kwargs": {"data_files": files}, "test_split": "test"} | config
        is_chat = own.get("chat", False)
        found = lm_eval.simple_evaluate(
            model=models[window], tasks=[config], log_samples=True, bootstrap_iters=0, apply_chat_template=is_chat,
            fewshot_as_multiturn=is_chat)
        metrics = {key.split(",")[0]: value for key, value in found["results"][name].items()
                   if isinstance(value, float) and "stderr" not in key}
        samples = []
        for sample in sorted(found["samples"][name], key=lambda sample: sample["doc_id"]):
            if config["output_type"] == "generate_until":
                samples.append({"prompt": sample["arguments"][0][0], "text": sample["resps"][0][0]})
            elif config["output_type"] == "loglikelihood_rolling":
                samples.append({"log_likelihoods": [sample["resps"][0][0]]})
            else:
                pairs = [resp[0] for resp in sample["resps"]]
                samples.append({"prompt": sample["arguments"][0][0], "log_likelihoods": [pair[0] for pair in pairs],
                                "greedy": [bool(pair[1]) for pair in pairs]})
        result[name] = {"metrics": metrics, "samples": samples}
    return result


if __name__ == "__main__":
    print(json.dumps(answers(sys.argv[1]), ensure_ascii=False, indent=1))

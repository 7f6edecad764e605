"""What PyTorch makes of exported weights: codes and reconstructions of the rows of every case, and of weights changed a little.

usage: torch_weights.py MODULE-FOLDER CASES

CASES is a JSON file: for each case the weights, rows, and where the weights of one more training step are to go. The results are added to it.
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
import torch

import autoencoder_weights as weights


def rows_of(case, name):
    return torch.tensor(case[name]) if case.get(name) else None


def step(metadata, tensors, features, condition, code_offset):
    """One step of gradient descent on all weights but the scaling."""
    trained = {name: tensor for name, tensor in tensors.items() if not name.startswith("scaling.") and "running_" not in name}
    for tensor in trained.values():
        tensor.requires_grad_(True)
    code = weights.encode(metadata, tensors, features, condition, code_offset)
    scaled = (weights.decode(metadata, tensors, code, condition) - features) / tensors["scaling.scale"]
    (scaled**2).mean().backward()
    with torch.no_grad():
        for tensor in trained.values():
            if tensor.grad is not None:
                tensor -= 0.05 * tensor.grad
            tensor.requires_grad_(False)


def results(metadata, tensors, features, condition, code_offset):
    code = weights.encode(metadata, tensors, features, condition, code_offset)
    values = {"code": code, "reconstruction": weights.decode(metadata, tensors, code, condition)}
    if "autoencoder.code_log_variance" in metadata:
        values["code_log_variance"] = weights.run(metadata["autoencoder.code_log_variance"], tensors, (features - tensors["scaling.offset"]) / tensors["scaling.scale"], condition)
    return {name: value.flatten().tolist() for name, value in values.items()}


with open(sys.argv[2], encoding="utf-8") as file:
    cases = json.load(file)
for case in cases:
    metadata, tensors = weights.load(case["weights"])
    inputs = rows_of(case, "features"), rows_of(case, "condition"), rows_of(case, "code_offset")
    with torch.no_grad():
        case["before"] = results(metadata, tensors, *inputs)
    step(metadata, tensors, *inputs)
    weights.save(case["changed"], metadata, tensors)
    with torch.no_grad():
        case["after"] = results(metadata, tensors, *inputs)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(cases, file)

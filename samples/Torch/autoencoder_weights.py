"""Runs and saves, in PyTorch, the weights that AutoencoderTransformer.ExportTorchWeights writes: every layer of every kind of network."""
import json
import struct

import numpy
import torch
import torch.nn.functional as F


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    tensors = {name: torch.from_numpy(numpy.frombuffer(data[slice(*tensor["data_offsets"])], "<f4").reshape(tensor["shape"]).copy()) for name, tensor in header.items()}
    return metadata, tensors


def compress(x):
    """Values beyond 5 on a logarithmic scale."""
    return torch.sign(x) * (x.abs().clamp(max=5) + torch.log((x.abs() - 5).clamp(min=0) + 1))


def expand(x):
    """The inverse of compress."""
    return torch.sign(x) * (x.abs().clamp(max=5) + torch.exp((x.abs() - 5).clamp(min=0)) - 1)


def run(layers, tensors, x, condition=None):
    kept = []
    for layer in json.loads(layers):
        if layer["function"] == "condition":
            x = torch.cat([x, condition], 1)
        elif layer["function"] == "observed":
            x = torch.cat([x, torch.ones_like(x)], 1)
        elif layer["function"] == "keep":
            kept.append(x)
        elif layer["function"] == "swap_kept":
            x, kept[-1] = kept[-1], x
        elif layer["function"] == "add_kept":
            x = kept.pop() + x
        elif layer["function"] in ("compress", "expand"):
            x = globals()[layer["function"]](x)
        else:
            function = getattr(F, layer["function"], None) or getattr(torch, layer["function"])
            x = function(x, **{name: tensors[tensor] for name, tensor in layer["tensors"].items()}, **layer["arguments"])
    return x


def encode(metadata, tensors, features, condition=None, code_offset=None):
    code = run(metadata["autoencoder.encoder"], tensors, (features - tensors["scaling.offset"]) / tensors["scaling.scale"], condition)
    return code if code_offset is None else code + run(metadata["autoencoder.code_offset"], tensors, code_offset)


def decode(metadata, tensors, code, condition=None):
    return run(metadata["autoencoder.decoder"], tensors, code, condition) * tensors["scaling.scale"] + tensors["scaling.offset"]


def save(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().cpu().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)

"""Makes encoders and decoders by PyTorch, exports them, and computes what they make of some rows.

usage: make_pairs.py FOLDER

Writes NAME-encoder.onnx and NAME-decoder.onnx (or NAME.onnx where both are one file) and pairs.json. The files in data/ beside this script were made by it.
"""
import json
import os
import sys
import warnings

import torch
from torch import nn

ROWS, FEATURES = 20, 12


class Variational(nn.Module):
    """Gives mean, logarithm of the variance, and a sample of the code."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(FEATURES, 8), nn.LeakyReLU(0.2))
        self.mean, self.log_variance = nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x):
        h = self.trunk(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        return mean, log_variance, mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


class Viewed(nn.Module):
    """Flattens by the batch's own length, as much PyTorch code does."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(3, 4, 3, padding=1), nn.ELU())
        self.code = nn.Linear(4 * 2 * 2, 3)

    def forward(self, x):
        x = self.convolutions(x)
        return self.code(x.view(x.size(0), -1))


class ImageDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(nn.Linear(3, 4 * 2 * 2), nn.ReLU())
        self.images = nn.Sequential(nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=(0, 1)), nn.Tanh(), nn.Conv2d(3, 1, 3, padding=1))

    def forward(self, code):
        return self.images(self.dense(code).view(-1, 4, 2, 2))


class Whole(nn.Module):
    """Encoder and decoder in one graph."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(FEATURES, 6), nn.Tanh(), nn.Linear(6, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, FEATURES))

    def forward(self, x):
        code = self.encoder(x)
        return code, self.decoder(code)


def dense(*widths, activation=nn.ReLU, normalized=None):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(nn.Linear(widths[i], widths[i + 1]))
        if i < len(widths) - 2:
            layers += [normalized(widths[i + 1])] if normalized else []
            layers.append(activation())
    return nn.Sequential(*layers)


def settled(module):
    """In evaluation mode, with statistics of batches that are not those at the start."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
                part.running_mean.normal_(0, 0.3)
                part.running_var.uniform_(0.5, 2)
    return module.eval()


def export(folder, file, module, rows, inputs, outputs, opset, **options):
    axes = {name: {0: "rows"} for name in inputs + outputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, rows, os.path.join(folder, file), input_names=inputs, output_names=outputs, opset_version=opset, dynamic_axes=axes, **options)


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def main(folder):
    torch.manual_seed(7)
    rows = 5 + 3 * torch.randn(ROWS, FEATURES)
    offset, scale = rows.mean(0), rows.std(0)
    scaled = (rows - offset) / scale
    pairs = []

    def pair(name, encoder, decoder, opset, image=None, encoder_output=None, scaling=True, **options):
        encoder, decoder = settled(encoder), settled(decoder)
        x = scaled if scaling else rows
        x = x.reshape(-1, *image) if image else x
        torch.manual_seed(1)
        outputs = encoder(x)
        code = outputs[0] if isinstance(outputs, tuple) else outputs
        names = ["mean", "log_variance", "sample"] if isinstance(outputs, tuple) else ["z"]
        export(folder, f"{name}-encoder.onnx", encoder, x, ["x"], names, opset, **options)
        export(folder, f"{name}-decoder.onnx", decoder, code, ["z"], ["y"], opset, **options)
        add(name, f"{name}-encoder.onnx", f"{name}-decoder.onnx", code, decoder(code), scaling, encoder_output=encoder_output)

    def add(name, encoder, decoder, code, reconstruction, scaling, **names):
        x = scaled if scaling else rows
        scaled_reconstruction = reconstruction.reshape(ROWS, -1)
        errors = (x - scaled_reconstruction) ** 2
        raw = scaled_reconstruction * scale + offset if scaling else scaled_reconstruction
        values = {"code": code.reshape(ROWS, -1), "reconstruction": raw, "errors": errors, "score": errors.mean(1)}
        pairs.append({"name": name, "encoder": encoder, "decoder": decoder, "scaled": scaling, **names, **{key: numbers(value) for key, value in values.items()}})

    with torch.no_grad():
        pair("dense", dense(FEATURES, 8, 3), dense(3, 8, FEATURES), 17)
        pair("dense-opset12", dense(FEATURES, 8, 3, activation=nn.GELU, normalized=nn.LayerNorm), dense(3, 8, FEATURES, activation=nn.Softplus), 12, keep_initializers_as_inputs=True)
        pair("batch-normalized", dense(FEATURES, 8, 3, normalized=nn.BatchNorm1d), dense(3, 8, FEATURES, normalized=nn.BatchNorm1d), 14, scaling=False)
        pair("convolutional", Viewed(), ImageDecoder(), 17, image=(1, 3, 4))
        pair("image-code", nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, stride=2), nn.Sigmoid()), nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(2, 1, (2, 1))), 13, image=(1, 3, 4))
        pair("variational", Variational(), dense(3, 8, FEATURES), 16, encoder_output="mean")
        whole = settled(Whole())
        code, reconstruction = whole(scaled)
        export(folder, "whole.onnx", whole, scaled, ["x"], ["code", "y"], 15)
        add("whole", "whole.onnx", "whole.onnx", code, reconstruction, True, encoder_output="code", decoder_input="code", decoder_output="y")
    with open(os.path.join(folder, "pairs.json"), "w", encoding="utf-8") as file:
        json.dump({"torch": torch.__version__, "rows": numbers(rows), "offset": numbers(offset), "scale": numbers(scale), "pairs": pairs}, file)


main(sys.argv[1])

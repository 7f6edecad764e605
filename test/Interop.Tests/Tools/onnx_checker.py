"""Checks ONNX files by the onnx package: its checker and its strict shape inference, with the declared shapes of the outputs and without them.

usage: onnx_checker.py LIST RESULTS
"""
import json
import sys

import onnx
from onnx import checker, shape_inference


def shape_of(value):
    return [dim.dim_param or None if not dim.HasField("dim_value") else dim.dim_value for dim in value.type.tensor_type.shape.dim]


def check(path):
    model = onnx.load(path)
    known = onnx.defs.onnx_opset_version()
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset > known:
        return {"unknown": f"opset {opset}; the checker knows opsets to {known}"}
    checker.check_model(model, full_check=True)
    shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)

    # What the nodes say of the outputs, not what the file declares.
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return {"inferred": [{"name": output.name, "shape": shape_of(output)} for output in inferred.graph.output]}


def main(files_path, results_path):
    with open(files_path, encoding="utf-8") as file:
        files = json.load(file)
    results = []
    for entry in files:
        print(entry["name"], file=sys.stderr, flush=True)
        try:
            results.append(check(entry["path"]))
        except Exception as e:  # the checker throws types of its own
            results.append({"error": f"{type(e).__name__}: {e}"})
    with open(results_path, "w", encoding="utf-8") as file:
        json.dump({"tool": f"onnx {onnx.__version__}", "files": results}, file)


main(*sys.argv[1:])

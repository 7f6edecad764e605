"""Runs ONNX files under OpenCV's DNN module.

usage: opencv_dnn.py LIST RESULTS
"""
import base64
import json
import re
import sys

import cv2
import numpy

PREFIX = "onnx_node!"


def array_of(tensor):
    if tensor["type"] != "float32":
        raise ValueError(f"OpenCV takes float32 alone; the input {tensor['name']} is {tensor['type']}")
    return numpy.frombuffer(base64.b64decode(tensor["data"]), numpy.float32).reshape(tensor["shape"])


def read(path, inputs):
    net = cv2.dnn.readNetFromONNX(path)
    for tensor in inputs:
        net.setInput(array_of(tensor), tensor["name"])
    return net


def run(path, inputs, outputs):
    values = read(path, inputs).forward(outputs)
    return [
        {"name": name, "type": "float32", "shape": list(value.shape), "data": base64.b64encode(numpy.ascontiguousarray(value, numpy.float32)).decode()}
        for name, value in zip(outputs, values)]


def failing_node(entry, text):
    """The node that OpenCV names when it cannot read a file, or else the first that it cannot run."""
    named = re.search(PREFIX + r"([^\s)]+)", text)
    if named:
        return named[1]
    inputs = entry["runs"][0]["inputs"]
    for layer in read(entry["path"], inputs).getLayerNames():
        try:
            read(entry["path"], inputs).forward(layer)
        except cv2.error:
            return layer.removeprefix(PREFIX)
    return None


def main(files_path, results_path):
    cv2.setNumThreads(1)
    with open(files_path, encoding="utf-8") as file:
        files = json.load(file)
    results = []
    for entry in files:
        print(entry["name"], file=sys.stderr, flush=True)
        try:
            results.append({"runs": [run(entry["path"], given["inputs"], given["outputs"]) for given in entry["runs"]]})
        except cv2.error as e:
            results.append({"error": str(e), "node": failing_node(entry, str(e))})
    with open(results_path, "w", encoding="utf-8") as file:
        json.dump({"tool": f"OpenCV {cv2.__version__}", "files": results}, file)


main(*sys.argv[1:])

"""Runs ONNX files under OpenCV's DNN module.

usage: opencv_dnn.py LIST RESULTS
"""
import base64
import json
import re
import sys

import cv2
import numpy


def array_of(tensor):
    if tensor["type"] != "float32":
        raise ValueError(f"OpenCV takes float32 alone; the input {tensor['name']} is {tensor['type']}")
    return numpy.frombuffer(base64.b64decode(tensor["data"]), numpy.float32).reshape(tensor["shape"])


def run(entry):
    net = cv2.dnn.readNetFromONNX(entry["path"])
    runs = []
    for given in entry["runs"]:
        for tensor in given["inputs"]:
            net.setInput(array_of(tensor), tensor["name"])
        values = net.forward(given["outputs"])
        runs.append([
            {"name": name, "type": "float32", "shape": list(value.shape), "data": base64.b64encode(numpy.ascontiguousarray(value, numpy.float32)).decode()}
            for name, value in zip(given["outputs"], values)])
    return {"runs": runs}


def reason(error):
    """The operator that OpenCV stumbled over, or the first line of what it says."""
    text = str(error)
    operator = re.search(r"Node \[(\w+)", text) or re.search(r'of type "(\w+)"', text)
    return f"operator {operator[1]}" if operator else re.sub(r"^OpenCV\S* \S+ ", "", text.splitlines()[0])


def main(files_path, results_path):
    cv2.setNumThreads(1)
    with open(files_path, encoding="utf-8") as file:
        files = json.load(file)
    results = []
    for entry in files:
        print(entry["name"], file=sys.stderr, flush=True)
        try:
            results.append(run(entry))
        except (cv2.error, ValueError) as e:
            results.append({"error": reason(e), "text": str(e)})
    with open(results_path, "w", encoding="utf-8") as file:
        json.dump({"tool": f"OpenCV {cv2.__version__}", "files": results}, file)


main(*sys.argv[1:])

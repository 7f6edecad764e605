# Scores rows of a CSV file of numbers, without a header: python3 score.py scorer.onnx rows.csv
# pip install onnxruntime
import sys
import numpy
import onnxruntime

model, data = sys.argv[1:]
features = numpy.genfromtxt(data, delimiter=",", dtype=numpy.float32, ndmin=2)      # an empty value is NaN, a missing one
session = onnxruntime.InferenceSession(model, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
for score, is_anomaly in zip(*session.run(["score", "is_anomaly"], {"features": features})):
    print(f"{score[0]},{is_anomaly[0]}")

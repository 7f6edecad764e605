# Scores a time series, a line for each step with the values of its channels: python3 series.py scorer.onnx series.csv WIDTH
# pip install onnxruntime
import sys
import numpy
import onnxruntime

model, data, width = sys.argv[1], sys.argv[2], int(sys.argv[3])
steps = numpy.genfromtxt(data, delimiter=",", dtype=numpy.float32)                  # an empty value is NaN, a missing one
steps = steps.reshape(len(steps), -1)
# Channel after channel, each from the oldest step to the newest: [windows, channels, width]
windows = numpy.lib.stride_tricks.sliding_window_view(steps, width, axis=0)
features = numpy.ascontiguousarray(windows.reshape(len(windows), -1))
session = onnxruntime.InferenceSession(model, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
for score, is_anomaly in zip(*session.run(["score", "is_anomaly"], {"features": features})):
    print(f"{score[0]},{is_anomaly[0]}")

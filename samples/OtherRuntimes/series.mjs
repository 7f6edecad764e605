// Scores a time series, a line for each step with the values of its channels: node series.mjs scorer.onnx series.csv WIDTH
// npm install onnxruntime-node
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const [model, data, width] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const steps = readFileSync(data, 'utf8').trim().split('\n').map((line) => line.split(',').map((text) => (text === '' ? NaN : Number(text))));
const session = await ort.InferenceSession.create(model);
for (let end = width; end <= steps.length; end++) {
  // Channel after channel, each from the oldest step to the newest; a step that is missing is NaN.
  const window = steps[0].flatMap((_, channel) => steps.slice(end - width, end).map((step) => step[channel]));
  const features = new ort.Tensor('float32', Float32Array.from(window), [1, window.length]);
  const { score, is_anomaly } = await session.run({ features }, ['score', 'is_anomaly']);
  console.log(`${score.data[0]},${Boolean(is_anomaly.data[0])}`);
}

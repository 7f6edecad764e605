// Scores rows of a CSV file of numbers, without a header, under Node: node score.mjs scorer.onnx rows.csv
// npm install onnxruntime-node
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const [model, data] = process.argv.slice(2);
const rows = readFileSync(data, 'utf8').trim().split('\n').map((line) => line.split(',').map((text) => (text === '' ? NaN : Number(text))));
const session = await ort.InferenceSession.create(model);
const features = new ort.Tensor('float32', Float32Array.from(rows.flat()), [rows.length, rows[0].length]);
const { score, is_anomaly } = await session.run({ features }, ['score', 'is_anomaly']);
rows.forEach((_, i) => console.log(`${score.data[i]},${Boolean(is_anomaly.data[i])}`));

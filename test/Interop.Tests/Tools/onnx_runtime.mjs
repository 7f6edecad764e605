// Runs ONNX files under ONNX Runtime in JavaScript, on one thread and without a network.
//
// usage: node onnx_runtime.mjs onnxruntime-node|onnxruntime-web LIST RESULTS
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [name, filesPath, resultsPath] = process.argv.slice(2);
globalThis.fetch = (address) => Promise.reject(new Error(`${name} wants to fetch ${address}`));
const require = createRequire(import.meta.url);
const ort = require(name);
const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
if (name === 'onnxruntime-web') {
  ort.env.wasm.numThreads = 1;
  options.executionProviders = ['wasm'];
}

const arrays = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array };

function tensorOf({ type, shape, data, texts }) {
  if (type === 'string') return new ort.Tensor('string', texts, shape);
  const bytes = Uint8Array.from(Buffer.from(data, 'base64')); // a copy, so that it starts where every type of number may
  return new ort.Tensor(type, new arrays[type](bytes.buffer), shape);
}

function written(name, { type, dims, data }) {
  const tensor = { name, type, shape: dims };
  if (type === 'string') return { ...tensor, texts: data };
  return { ...tensor, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') };
}

async function run({ path, runs }) {
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(path)), options);
  const results = [];
  for (const { inputs, outputs } of runs) {
    const given = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input)]));
    const values = await session.run(given, outputs);
    results.push(outputs.map((output) => written(output, values[output])));
  }
  await session.release();
  return { runs: results };
}

const results = [];
for (const file of JSON.parse(readFileSync(filesPath, 'utf8'))) {
  process.stderr.write(`${file.name}\n`);
  try {
    results.push(await run(file));
  } catch (error) {
    results.push({ error: String(error) });
  }
}
writeFileSync(resultsPath, JSON.stringify({ tool: `${name} ${ort.env.versions[name.split("-")[1]]}`, files: results }));

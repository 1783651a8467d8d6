import ort from 'onnxruntime-node';
import { freeBatch } from './onnx-batch.ts';

/** A model that takes one tensor of floats, of any number of inputs at once. */
export interface OnnxSession {
  /**
   * @param data of all inputs, one after the other
   * @param shape with how many there are first
   * @returns the outputs by name, good until the next run
   */
  run(data: Float32Array, shape: readonly number[]): Promise<ReadonlyMap<string, Float32Array>>;
  close(): Promise<void>;
}

/** Shapes of inputs whose outputs are used again. */
const MOST_KEPT = 8;

/**
 * @param model bytes of an ONNX file
 * @throws Error when it is none, or takes something else
 */
export async function openOnnx(model: Uint8Array): Promise<OnnxSession> {
  // One thread a session: photos are worked on side by side, each on a core of its own.
  const session = await ort.InferenceSession.create(freeBatch(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Warnings about shapes that no longer say "one".
    logSeverityLevel: 3,
  });
  const [input, ...more] = session.inputNames;
  if (input === undefined || more.length > 0) throw new Error('The model takes not one input');
  const kept = new Map<string, ort.InferenceSession.OnnxValueMapType>();
  return {
    run: async (data, shape) => {
      // New memory for what every run answers is dear: what is let go makes the collector look through everything.
      const key = shape.join('×');
      const feeds = { [input]: new ort.Tensor('float32', data, shape) };
      const held = kept.get(key);
      const outputs = await (held ? session.run(feeds, held) : session.run(feeds));
      if (!held && kept.size < MOST_KEPT) kept.set(key, outputs);
      return new Map(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    close: () => session.release(),
  };
}

import ort from 'onnxruntime-node';
import { freeBatch } from './onnx-batch.ts';

/** A model that takes one tensor of floats, of any number of inputs at once. */
export interface OnnxSession {
  /**
   * @param data of all inputs, one after the other
   * @param shape with how many there are first
   * @returns the outputs by name
   */
  run(data: Float32Array, shape: readonly number[]): Promise<ReadonlyMap<string, Float32Array>>;
  close(): Promise<void>;
}

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
  return {
    run: async (data, shape) => {
      const outputs = await session.run({ [input]: new ort.Tensor('float32', data, shape) });
      return new Map(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    close: () => session.release(),
  };
}

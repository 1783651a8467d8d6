/** How an embedding is kept: 32-bit floats, little-endian, whatever the machine does. */
export function toBytes(embedding: Float32Array): Buffer {
  const bytes = Buffer.alloc(embedding.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [n, value] of embedding.entries()) bytes.writeFloatLE(value, n * Float32Array.BYTES_PER_ELEMENT);
  return bytes;
}

export function fromBytes(bytes: Buffer): Float32Array {
  const embedding = new Float32Array(bytes.length / Float32Array.BYTES_PER_ELEMENT);
  for (const n of embedding.keys()) embedding[n] = bytes.readFloatLE(n * Float32Array.BYTES_PER_ELEMENT);
  return embedding;
}

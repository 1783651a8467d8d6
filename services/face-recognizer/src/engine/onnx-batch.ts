/**
 * Makes a model that was exported for one input at a time take any number of them. The layers do not care; what says
 * "one" is the first dimension of the inputs and outputs as they are declared, and now and then a Reshape to [1, −1]
 * at the end. Both are changed in place, without moving a byte: a dimension {dim_value: 1} is as long as
 * {dim_param: ""}, which stands for an unknown one, and [1, −1] as long as [−1, n] (onnx.proto3: ModelProto 7,
 * GraphProto 1, 5, 11, 12, ValueInfoProto 2, TypeProto 1, Tensor 2, TensorShapeProto 1, Dimension 1 and 2).
 * @param model bytes of an ONNX file, which stay as they are
 */
export function freeBatch(model: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(model);
  const whole = { start: 0, end: bytes.length };
  for (const graph of fields(bytes, whole, 7)) {
    const outputs = [...fields(bytes, graph, 12)].map((info) => shapeOf(bytes, info));
    const inputs = [...fields(bytes, graph, 11)].map((info) => shapeOf(bytes, info));
    const width = outputs.length === 1 ? outputs[0]?.[1]?.value : undefined;
    for (const shape of [...inputs, ...outputs]) {
      const [first] = shape;
      // Field 1, a number, becomes field 2, a text of no letters.
      if (first?.value === 1 && first.end - first.start === 2) bytes.set([0x12, 0], first.start);
    }
    if (width !== undefined) freeReshapes(bytes, graph, width);
  }
  return bytes;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Dimension extends Range {
  readonly value: number | undefined;
}

function shapeOf(bytes: Uint8Array, info: Range): Dimension[] {
  const dimensions: Dimension[] = [];
  for (const type of fields(bytes, info, 2)) {
    for (const tensor of fields(bytes, type, 1)) {
      for (const shape of fields(bytes, tensor, 2)) {
        for (const range of fields(bytes, shape, 1)) {
          dimensions.push({
            ...range,
            value: bytes[range.start] === 0x08 ? varint(bytes, range.start + 1)[0] : undefined,
          });
        }
      }
    }
  }
  return dimensions;
}

const ROW_OF_ALL = rowOf(1n, -1n);

/** Where the shape of a Reshape is [1, −1], it is made [−1, width]. */
function freeReshapes(bytes: Uint8Array, graph: Range, width: number): void {
  const shapes = new Set<string>();
  for (const node of fields(bytes, graph, 1)) {
    const operator = [...fields(bytes, node, 4)].map((range) => text(bytes, range)).join('');
    const inputs = [...fields(bytes, node, 1)].map((range) => text(bytes, range));
    if (operator === 'Reshape' && inputs[1] !== undefined) shapes.add(inputs[1]);
  }
  for (const tensor of fields(bytes, graph, 5)) {
    const name = [...fields(bytes, tensor, 8)].map((range) => text(bytes, range)).join('');
    if (!shapes.has(name)) continue;
    for (const raw of fields(bytes, tensor, 9)) {
      if (Buffer.compare(bytes.subarray(raw.start, raw.end), ROW_OF_ALL) === 0)
        bytes.set(rowOf(-1n, BigInt(width)), raw.start);
    }
  }
}

function rowOf(first: bigint, second: bigint): Buffer {
  const row = Buffer.alloc(16);
  row.writeBigInt64LE(first, 0);
  row.writeBigInt64LE(second, 8);
  return row;
}

/** The contents of a message's fields of one number that have a length (protobuf's wire type 2). */
function* fields(bytes: Uint8Array, { start, end }: Range, wanted: number): Generator<Range> {
  for (let at = start; at < end;) {
    const [key, from] = varint(bytes, at);
    switch (key & 7) {
      case 0:
        at = varint(bytes, from)[1];
        break;
      case 1:
        at = from + 8;
        break;
      case 2: {
        const [length, content] = varint(bytes, from);
        at = content + length;
        if (key >>> 3 === wanted) yield { start: content, end: at };
        break;
      }
      case 5:
        at = from + 4;
        break;
      default:
        throw new Error('The model is no ONNX file');
    }
  }
}

/** @returns the number and where it ends; exact up to 2^53 */
function varint(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7, at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('The model is no ONNX file');
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at + 1];
  }
  throw new Error('The model is no ONNX file');
}

const text = (bytes: Uint8Array, { start, end }: Range) => Buffer.from(bytes.subarray(start, end)).toString();

/** A Server-Sent Event as it came. */
export interface StreamEvent {
  id: number;
  name: string;
  data: { status: string; progress: { percent: number } };
}

/** Reads the events of a stream as they come; ends when it ends. */
export async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.body) return;
  let held = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    held += text;
    const blocks = held.split('\n\n');
    held = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      yield {
        id: Number(fields.get('id')),
        name: fields.get('event') ?? '',
        data: JSON.parse(data) as StreamEvent['data'],
      };
    }
  }
}

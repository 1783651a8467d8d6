import type { Readable } from 'node:stream';

/** Takes the start of a stream and puts it back, unless that was all of it. */
export function readHead(stream: Readable, bytes: number): Promise<{ head: Buffer; ended: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (ended: boolean) => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose);
      const head = Buffer.concat(chunks, length);
      if (!ended) stream.unshift(head);
      resolve({ head, ended });
    };
    const onReadable = () => {
      while (length < bytes) {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) return;
        chunks.push(chunk);
        length += chunk.length;
      }
      finish(false);
    };
    const onEnd = () => finish(true);
    const onError = (error: Error) => reject(error);
    const onClose = () => reject(new Error('The upload was cut off'));
    stream.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

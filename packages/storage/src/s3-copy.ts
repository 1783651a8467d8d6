import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

const AT_ONCE = 4;

export interface CopySource {
  /** `bucket/key`, the key percent-encoded. */
  CopySource: string;
  /** The parts are all of this version of the source, or the copy fails. */
  CopySourceIfMatch: string | undefined;
}

/** Copies an object that is too large for one request, part by part; the copy appears whole or not at all. */
export async function copyInParts(
  client: S3Client,
  target: CreateMultipartUploadCommandInput,
  source: CopySource,
  size: number,
  partBytes: number,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId };
  const copyPart = async (number: number) => {
    const start = (number - 1) * partBytes;
    const end = Math.min(start + partBytes, size) - 1;
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        ...upload,
        ...source,
        PartNumber: number,
        CopySourceRange: `bytes=${start}-${end}`,
      }),
    );
    return { PartNumber: number, ETag: CopyPartResult?.ETag };
  };
  try {
    const count = Math.ceil(size / partBytes);
    const parts: Awaited<ReturnType<typeof copyPart>>[] = [];
    while (parts.length < count) {
      const numbers = Array.from(
        { length: Math.min(AT_ONCE, count - parts.length) },
        (_, i) => parts.length + 1 + i,
      );
      // All of them end before the parts are discarded, or one might arrive afterwards and stay.
      for (const result of await Promise.allSettled(numbers.map(copyPart))) {
        if (result.status === 'rejected') throw result.reason;
        parts.push(result.value);
      }
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  } catch (error) {
    // The reason is worth more than that the parts could not be discarded.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

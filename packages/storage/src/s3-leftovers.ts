import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

const ABANDONED_MS = 24 * 3_600_000;

/** Removes what killed processes left under a prefix of ours, once it is a day old; at most 1,000 of each kind a call. */
export async function sweepLeftovers(client: S3Client, Bucket: string, Prefix: string): Promise<void> {
  const isOld = (date: Date | undefined) => date !== undefined && Date.now() - date.getTime() > ABANDONED_MS;
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  for (const { Key, LastModified } of Contents) {
    if (isOld(LastModified)) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
  for (const { Key, UploadId, Initiated } of Uploads) {
    if (isOld(Initiated)) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
}

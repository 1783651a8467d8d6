import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { OWN_FOLDER } from './object-key.ts';
import { copyInParts } from './s3-copy.ts';
import { onS3 } from './s3-errors.ts';

export interface S3StoreOptions {
  bucket: string;
  /** Before every key; empty, or ends with a slash. */
  prefix?: string;
  region: string;
  /** For MinIO and others. */
  endpoint?: string | undefined;
  /** Under which clients reach the endpoint, for signed addresses, where that is another one. */
  publicEndpoint?: string | undefined;
  /** `host/bucket/key` instead of `bucket.host/key`. */
  forcePathStyle: boolean;
  /** Without both, the SDK looks for credentials in its usual places. */
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
  /** `WHEN_REQUIRED` for servers that do not know the newer checksums. */
  checksumMode: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  /** Largest object that is copied in one request, in bytes; S3 allows 5 GiB, the default. */
  copyBytes?: number;
}

const COPY_PART_BYTES = 2 ** 30;

export type Bucket = ReturnType<typeof openBucket>;

/** The part of a bucket that is ours. */
export function openBucket(options: S3StoreOptions) {
  const { bucket, prefix = '', copyBytes = 5 * 2 ** 30 } = options;
  const client = createClient(options, options.endpoint);
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` });

  /** Copies within the bucket, and gives the copy these details. */
  const copyAs = async (
    from: string,
    to: string,
    head: { size: number; sha256: string; contentType: string; etag?: string | undefined },
    signal?: AbortSignal,
  ) => {
    const source = {
      CopySource: `${bucket}/${`${prefix}${from}`.split('/').map(encodeURIComponent).join('/')}`,
      CopySourceIfMatch: head.etag,
    };
    const target = { ...at(to), ContentType: head.contentType, Metadata: { sha256: head.sha256 } };
    if (head.size > copyBytes) {
      await onS3(
        copyInParts(client, target, source, head.size, Math.min(copyBytes, COPY_PART_BYTES)),
        signal,
      );
      return;
    }
    const command = new CopyObjectCommand({ ...target, ...source, MetadataDirective: 'REPLACE' });
    await onS3(client.send(command, signal ? { abortSignal: signal } : {}), signal);
  };

  return {
    client,
    /** Signs addresses for those who reach S3 otherwise than we do. */
    signingClient:
      options.publicEndpoint === undefined ? client : createClient(options, options.publicEndpoint),
    bucket,
    prefix,
    /** Where bytes wait that are no object yet, and what no list shows. */
    temporary: `${OWN_FOLDER}/tmp/`,
    at,
    copyAs,
  };
}

function createClient(options: S3StoreOptions, endpoint: string | undefined): S3Client {
  const { accessKeyId, secretAccessKey } = options;
  return new S3Client({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    requestChecksumCalculation: options.checksumMode,
    responseChecksumValidation: options.checksumMode,
    // A connection that says nothing for a minute is dead, and the request is tried again.
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: 60_000,
      httpAgent: { maxSockets: 200 },
      httpsAgent: { maxSockets: 200 },
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  });
}

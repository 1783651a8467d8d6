export * from './local.ts';
export * from './object-store.ts';
export * from './open-store.ts';
export type { S3StoreOptions } from './s3-bucket.ts';
export { createS3Store } from './s3.ts';
export { verifySignedUrl } from './signed-url.ts';
export { type ZipEntry, zipObjects } from './zip.ts';

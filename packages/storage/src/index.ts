export * from './local.ts';
export * from './object-store.ts';
export * from './open-store.ts';
export { verifySignedUrl } from './signed-url.ts';
export { type ZipEntry, zipObjects } from './zip.ts';

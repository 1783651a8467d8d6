export * from './local.ts';
export * from './object-store.ts';
export * from './open-store.ts';
export { verifySignedUrl } from './signed-url.ts';

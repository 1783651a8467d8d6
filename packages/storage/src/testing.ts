export { startS3Double } from './testing/s3-double.ts';

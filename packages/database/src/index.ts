export * from './connect.ts';
export * from './schema.ts';

// `node --import <this file> main.ts` runs a TypeScript program of the workspace from its sources.
import { register } from 'node:module';

register('./source-loader.mjs', import.meta.url);

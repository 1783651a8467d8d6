import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { cacheFolder } from './cache-folder.ts';

const before = process.env['XDG_CACHE_HOME'];
afterEach(() => {
  if (before === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = before;
});

it.each([
  ['/var/cache', '/var/cache/mediaworks/x'],
  ['', join(homedir(), '.cache/mediaworks/x')],
  ['relative', join(homedir(), '.cache/mediaworks/x')],
])('is of XDG_CACHE_HOME where that is a full path: %j', (given, folder) => {
  process.env['XDG_CACHE_HOME'] = given;
  expect(cacheFolder('x')).toBe(folder);
});

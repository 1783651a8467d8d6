import { randomBytes } from 'node:crypto';
import { type MediaKind, renditionName } from '@mediaworks/contracts';
import { keyName } from '../files/file-name.ts';

/** 128 random bits: whoever has not been told a key can't find it. */
export const newToken = (): string => randomBytes(16).toString('hex');

export const originalKey = (ownerId: number, kind: MediaKind, token: string, filename: string): string =>
  `media/user_${ownerId}/${kind}/${token}_${keyName(filename)}`;

const TOKEN = /^media\/(?:user_\d+\/[a-z]+|[a-z]+)\/([0-9a-f]{32})(?:[_/]|$)/;
const ORIGINAL = /^media\/user_\d+\//;

/** The token of the item that an object belongs to; undefined when it belongs to none. */
export const tokenOf = (key: string): string | undefined => TOKEN.exec(key)?.[1];

export const isOriginal = (key: string): boolean => ORIGINAL.test(key);

/** Where everything made of an item lies, and what a run that is still at work may yet put there. */
export const renditionPrefixes = (token: string): string[] =>
  renditionName.options.map((name) => `media/${name}/${token}_`);

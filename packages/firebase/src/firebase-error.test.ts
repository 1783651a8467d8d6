import { expect, it } from '@jest/globals';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import { asFirebaseError } from './firebase-error.ts';

const failing = (message: string, code?: unknown) => Object.assign(new Error(message), { code });

it.each([
  [
    'no credentials',
    failing('Could not load the default credentials. See /home/x'),
    'firebase_not_initialized',
  ],
  ['a key that was revoked', failing('invalid_grant: Invalid JWT Signature.'), 'firebase_not_initialized'],
  ['a refused call', failing('7 PERMISSION_DENIED: Missing permissions', 7), 'permission_denied'],
  ['a call without credentials', failing('16 UNAUTHENTICATED', 16), 'permission_denied'],
  ['no database', failing('5 NOT_FOUND: The database (default) does not exist', 5), 'firestore_missing'],
])('%s is for good', (_what, error, code) => {
  const known = asFirebaseError(error);
  expect(known).toBeInstanceOf(PermanentError);
  expect(known).toMatchObject({ code });
  expect(known.message).not.toMatch(/home|JWT|default\)/);
});

it.each([
  ['a server that is away', failing('14 UNAVAILABLE: connect ECONNREFUSED 10.0.0.1:443', 14)],
  ['too many calls', failing('8 RESOURCE_EXHAUSTED', 8)],
  ['what is no error at all', 'broken'],
])('%s may pass', (_what, error) => {
  const known = asFirebaseError(error);
  expect(known).toBeInstanceOf(TransientError);
  expect(known.message).not.toContain('10.0.0.1');
});

it('what is known already stays', () => {
  const error = new PermanentError('x', 'y');
  expect(asFirebaseError(error)).toBe(error);
});

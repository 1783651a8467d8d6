import { PermanentError, TransientError } from '@mediaworks/contracts';
import { asError } from '@mediaworks/runtime';

/** What Firestore's calls end with: gRPC's numbers. Source: google.rpc.Code. */
const GRPC = { deadline: 4, notFound: 5, denied: 7, exhausted: 8, precondition: 9, unauthenticated: 16 };

export function notInitialized(why: string, cause?: unknown): PermanentError {
  return new PermanentError('firebase_not_initialized', `Firebase not initialized: ${why}`, { cause });
}

/**
 * What an error of firebase-admin, or of Google's authentication below it, means: for good, or for now. None of its own
 * words are told, which may hold paths and addresses.
 */
export function asFirebaseError(thrown: unknown): Error {
  const error = asError(thrown);
  if (error instanceof PermanentError || error instanceof TransientError) return error;
  const code = 'code' in error ? error.code : undefined;
  const { message } = error;
  if (
    /could not load the default credentials|could not refresh access token|invalid_grant|unable to detect a project/i.test(
      message,
    )
  ) {
    return notInitialized('the service account is not accepted, or there is none', error);
  }
  if (code === GRPC.denied || code === GRPC.unauthenticated || code === 403 || code === 401) {
    return new PermanentError(
      'permission_denied',
      'Permission denied: the service account may not read this project',
      { cause: error },
    );
  }
  if (code === GRPC.notFound) {
    return new PermanentError('firestore_missing', 'There is no Firestore database in this project', {
      cause: error,
    });
  }
  return new TransientError('firebase_unavailable', 'Firebase can not be reached, or has no time for us', {
    cause: error,
  });
}

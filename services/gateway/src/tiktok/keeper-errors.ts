import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import type { VideoKeeper } from '@mediaworks/tiktok-keeper';
import { ApiError } from '../api-error.ts';

const RETRY_AFTER_S = 5;

/** A keeper whose troubles are answers: 503, saying what is missing where somebody has to bring it. */
export function answeringKeeper(keeper: VideoKeeper): VideoKeeper {
  const asked = <Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      try {
        return await ask(...args);
      } catch (error) {
        throw inWords(error);
      }
    };
  };
  return {
    usernameOf: asked(keeper.usernameOf),
    link: asked(keeper.link),
    find: asked(keeper.find),
    videosOf: asked(keeper.videosOf),
    totalsOf: asked(keeper.totalsOf),
    keep: asked(keeper.keep),
    addressesOf: asked(keeper.addressesOf),
    check: asked(keeper.check),
  };
}

function inWords(error: unknown): unknown {
  const known =
    error instanceof PermanentError || error instanceof TransientError || error instanceof RetryAfterError;
  if (!known) return error;
  return new ApiError(503, error.code, error.message, {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    cause: error,
  });
}

/** An answer of the double. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Storage answers 400 to nearly all, with the true status inside. */
export const storageError = (statusCode: number, error: string, message = error): Reply => ({
  status: 400,
  body: { statusCode: String(statusCode), error, message },
});

export const restError = (status: number, code: string, message: string): Reply => ({
  status,
  body: { code, message, details: null, hint: null },
});

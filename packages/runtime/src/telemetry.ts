import { randomBytes } from 'node:crypto';

/**
 * Exports spans where an OTLP endpoint is configured; otherwise does nothing and costs nothing. Trace ids are in the
 * logs either way, see {@link continueTrace}.
 */
export async function startTelemetry(
  service: string,
  endpoint: string | undefined,
): Promise<{ stop(): Promise<void> }> {
  if (endpoint === undefined) return { stop: () => Promise.resolve() };
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    serviceName: `mediaworks-${service}`,
    traceExporter: new OTLPTraceExporter({
      url: new URL('v1/traces', `${endpoint.replace(/\/$/, '')}/`).href,
    }),
  });
  sdk.start();
  return { stop: () => sdk.shutdown() };
}

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's W3C `traceparent` when it is valid, otherwise a new one. */
export function continueTrace(header: string | undefined): string {
  if (header !== undefined && TRACEPARENT.test(header)) return header;
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

/** The trace id of a valid `traceparent`. */
export function traceIdOf(traceparent: string): string | undefined {
  return TRACEPARENT.exec(traceparent)?.[1];
}

import type { Redis } from 'ioredis';

/**
 * What processes tell each other through Redis pub/sub. Every message is a hint: who hears it looks in the ledger, and
 * who misses it finds out by polling.
 */
export interface JobSignal {
  /** Jobs that changed. */
  changed?: string[];
  /** Jobs whose work is to stop now. */
  cancelled?: string[];
  /** Jobs were added whose deliveries wait in the outbox. */
  spawned?: true;
}

export interface Signals {
  /** Tells the others: a lone change at once, many in a row together. Does nothing while Redis is away. */
  send(signal: JobSignal): void;
  listen(listener: (signal: JobSignal) => void): () => void;
  close(): void;
}

/** What changes within this time after a message goes into the next, in ms. */
const GATHER_MS = 20;

/** Opens the channel over a connection to send on and a duplicate of it to listen on. */
export function openSignals(redis: Redis, prefix: string, onError: (error: Error) => void): Signals {
  const channel = `${prefix}:signals`;
  const listeners = new Set<(signal: JobSignal) => void>();
  let subscriber: Redis | undefined;
  const subscribe = () => {
    subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    subscriber.on('error', onError);
    subscriber.on('message', (_channel, text) => {
      const signal = parse(text);
      for (const listener of listeners) listener(signal);
    });
    subscriber.subscribe(channel).catch(onError);
  };
  const publish = (signal: JobSignal) => {
    if (redis.status === 'ready') redis.publish(channel, JSON.stringify(signal)).catch(onError);
  };
  const changed = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  const flush = () => {
    gathering = undefined;
    if (changed.size === 0) return;
    publish({ changed: [...changed] });
    changed.clear();
    gathering = setTimeout(flush, GATHER_MS).unref();
  };
  return {
    send: (signal) => {
      if (signal.cancelled ?? signal.spawned) {
        publish(signal);
        return;
      }
      for (const id of signal.changed ?? []) changed.add(id);
      if (!gathering) flush();
    },
    listen: (listener) => {
      if (!subscriber) subscribe();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      clearTimeout(gathering);
      flush();
      clearTimeout(gathering);
      subscriber?.disconnect();
    },
  };
}

/** Only our own processes can publish here; still, a stranger's message must not bring one down. */
function parse(text: string): JobSignal {
  try {
    return JSON.parse(text) as JobSignal;
  } catch {
    return {};
  }
}

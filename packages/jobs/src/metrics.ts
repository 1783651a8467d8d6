import { Counter, Histogram, type Registry } from '@mediaworks/runtime';

/** What is counted of every try, whatever its type. */
export interface WorkerMetrics {
  tries: Counter<'type' | 'outcome'>;
  seconds: Histogram<'type'>;
}

export function workerMetrics(registry: Registry): WorkerMetrics {
  return {
    tries: new Counter({
      name: 'mediaworks_job_tries_total',
      help: 'Tries that ended, by how they did: completed, retried, failed, lost',
      labelNames: ['type', 'outcome'],
      registers: [registry],
    }),
    seconds: new Histogram({
      name: 'mediaworks_job_seconds',
      help: 'How long a try took',
      labelNames: ['type'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
      registers: [registry],
    }),
  };
}

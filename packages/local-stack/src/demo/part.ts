import type { Client } from './client.ts';
import type { ReportRow } from './report.ts';

/** What a service shows in the demo. */
export interface DemoPart {
  service: string;
  /** Brings up what the service knows of the world outside; the environment leads it there. */
  outside?: () => Promise<{ env: NodeJS.ProcessEnv; stop: () => Promise<void> }>;
  /** Does the service's main job on real input. Rejects, saying what, when anything is not as promised. */
  run(stage: DemoStage): Promise<ReportRow[]>;
}

export interface DemoStage {
  client: Client;
  /** Where sample input is written. */
  samples: string;
  /** Where what came out is kept, to look at. */
  outputs: string;
  /** Shows how far a job is, 0–100. */
  progress(name: string, percent: number, stage: string): void;
}

/** @throws Error with `promise` unless it holds */
export function expectPromise(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`Not as promised: ${promise}`);
}

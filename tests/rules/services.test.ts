import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { jobCatalog, queueNames } from '@mediaworks/contracts';
import { projectRoot, services } from '@mediaworks/local-stack';

const read = (path: string) => readFileSync(`${projectRoot}${path}`, 'utf8');

describe.each(queueNames)('the service behind the queue %s', (queue) => {
  it('has a program', () => {
    expect(existsSync(`${projectRoot}services/${queue}/src/main.ts`)).toBe(true);
  });

  it('is built', () => {
    expect(read('tsconfig.json')).toContain(`services/${queue}`);
  });

  it('runs with npm start', () => {
    expect(services.map(({ name }) => name)).toContain(queue);
  });

  it('is shown in the demo', () => {
    const folder = `${projectRoot}packages/local-stack/src/demo`;
    const parts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
    expect(parts.join('\n')).toContain(`service: '${queue}'`);
  });

  it('is told of in the README', () => {
    expect(read('README.md')).toContain(`services/${queue}`);
  });
});

it('every job type can be tried, ends in time and is named after its domain', () => {
  for (const definition of jobCatalog.values()) {
    expect(definition.attempts).toBeGreaterThanOrEqual(1);
    expect(definition.timeoutMs).toBeGreaterThan(0);
    expect(definition.backoff.maxMs).toBeGreaterThanOrEqual(definition.backoff.baseMs);
    expect(definition.name).toMatch(/^[a-z]+\.[a-z-]+$/);
  }
});

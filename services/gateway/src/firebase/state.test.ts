import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Emulator, startFirestoreEmulator } from '@mediaworks/local-stack/firebase';
import { openHouse, type House, type StartedGateway } from '../testing/open-gateway.ts';

let house: House;
let emulator: Emulator;
beforeAll(async () => {
  [house, emulator] = await Promise.all([openHouse(), startFirestoreEmulator()]);
});
afterAll(async () => {
  delete process.env['FIRESTORE_EMULATOR_HOST'];
  await emulator.stop();
  await house.close();
});

const stateOf = async (gateway: StartedGateway) =>
  ((await (await fetch(`${gateway.url}/health`)).json()) as { firebase: string }).firebase;

/** Asks until something is known: it is looked for behind the answers. */
async function known(gateway: StartedGateway): Promise<string> {
  for (;;) {
    const state = await stateOf(gateway);
    if (state !== 'configured') return state;
  }
}

async function within(settings: Record<string, string>, look: (gateway: StartedGateway) => Promise<void>) {
  const gateway = await house.start({ FIRESTORE_MIRROR: 'off', ...settings });
  try {
    await look(gateway);
  } finally {
    await gateway.stop(0);
  }
}

it('without a project is not configured', () =>
  within({}, async (gateway) => expect(await stateOf(gateway)).toBe('not configured')));

it('for signing in alone is configured, and nothing is asked', () =>
  within({ FIREBASE_PROJECT_ID: 'demo-state' }, async (gateway) => {
    expect([await stateOf(gateway), await stateOf(gateway)]).toEqual(['configured', 'configured']);
  }));

it('that can be read is connected', async () => {
  process.env['FIRESTORE_EMULATOR_HOST'] = emulator.host;
  await within(
    { FIREBASE_PROJECT_ID: 'demo-state', FIRESTORE_EMULATOR_HOST: emulator.host },
    async (gateway) => expect(await known(gateway)).toBe('connected'),
  );
});

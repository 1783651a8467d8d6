import { startBestFirestore } from '@mediaworks/local-stack/firebase';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { pathOf } from './origin.ts';

const WARM_UP_ROUNDS = 5;

/** A Firestore with so many users of so many images. */
export async function openBenchProject(users: number, files: number) {
  const firestore = await startBestFirestore();
  process.env['FIRESTORE_EMULATOR_HOST'] = firestore.host;
  const projectId = 'demo-bench';
  const app = initializeApp({ projectId });
  const db = getFirestore(app);
  for (let user = 0; user < users; user++) {
    const batch = db.batch();
    const ids = Array.from({ length: files }, (_, file) => `${user}-${file}`);
    const email = `user${user}@bench.example`;
    batch.set(db.collection('email_users').doc(`user${user}`), { email, imageIds: ids });
    for (const [file, id] of ids.entries()) {
      batch.set(db.collection('images').doc(id), { storagePath: pathOf(user, file) });
    }
    await batch.commit();
  }
  // Java compiles what is asked often: asked for the first time, a user takes it four times as long.
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (let user = 0; user < users; user++) {
      const images = Array.from({ length: files }, (_, file) =>
        db.collection('images').doc(`${user}-${file}`),
      );
      await db.collection('email_users').doc(`user${user}`).get();
      await db.getAll(...images, { fieldMask: ['storagePath'] });
    }
  }
  await deleteApp(app);
  return { projectId, host: firestore.host, stop: firestore.stop };
}

import { startBestFirestore } from '@mediaworks/local-stack/firebase';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { pathOf } from './origin.ts';

/** A Firestore with so many users of so many images. */
export async function openBenchProject(users: number, files: number) {
  // Google's Firestore would not run on this machine: what Java spends on optimising the emulator comes off both sides.
  process.env['JAVA_TOOL_OPTIONS'] ??= '-XX:TieredStopAtLevel=1';
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
  await deleteApp(app);
  return { projectId, host: firestore.host, stop: firestore.stop };
}

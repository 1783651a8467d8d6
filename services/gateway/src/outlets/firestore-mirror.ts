import type { Executor } from '@mediaworks/jobs';
import type { Firebase } from '@mediaworks/firebase';
import { readLecture, type ToldLecture } from './told-lecture.ts';

const COLLECTION = 'video_tasks';

/**
 * Has `video_tasks/{id}` say of a lecture what the ledger says, in the shape that the seed's listeners know. Each
 * document carries the ledger's version, and an older one is never written over a newer: a write that was held up on its
 * way changes nothing. What others keep in the document stays.
 * @param addressOf where an object lies
 */
export function firestoreMirror(options: {
  db: Executor;
  firebase: Firebase;
  addressOf: (lectureId: string, key: string) => string;
}): (lectureId: string) => Promise<void> {
  const { db, firebase, addressOf } = options;
  return async (lectureId) => {
    const firestore = await firebase.firestore();
    const document = firestore.collection(COLLECTION).doc(lectureId);
    const lecture = await readLecture(db, lectureId);
    if (!lecture) {
      await document.delete();
      return;
    }
    await firestore.runTransaction(async (tx) => {
      const written: unknown = (await tx.get(document)).data()?.['version'];
      if (typeof written === 'number' && written >= lecture.version) return;
      tx.set(document, documentOf(lecture, addressOf), { merge: true });
    });
  };
}

function documentOf(lecture: ToldLecture, addressOf: (lectureId: string, key: string) => string) {
  const { id, pdf_key, srt_key } = lecture;
  return {
    video_id: id,
    filename: lecture.filename,
    user_id: lecture.uid,
    user_email: lecture.email,
    status: lecture.status,
    error_message: lecture.error,
    created_at: lecture.created_at,
    updated_at: lecture.updated_at,
    pdf_url: pdf_key === null ? null : addressOf(id, pdf_key),
    subtitle_url: srt_key === null ? null : addressOf(id, srt_key),
    version: lecture.version,
  };
}

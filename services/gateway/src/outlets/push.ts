import type { Executor } from '@mediaworks/jobs';
import { errorCode, type Logger } from '@mediaworks/runtime';
import type { Firebase } from '@mediaworks/firebase';
import { readLecture } from './told-lecture.ts';

/** What no second try will mend. */
const HOPELESS = new Set([
  'messaging/invalid-argument',
  'messaging/invalid-recipient',
  'messaging/invalid-payload',
]);

/** The topic that the devices of a user listen to. A topic is made of letters, digits and -_.~% alone. */
export function userTopic(uid: string): string {
  return `user_${encodeURIComponent(uid).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

export interface Push {
  topic: string;
  title: string;
  text: string;
  data: Record<string, string>;
  /** Of messages with the same one a device shows the last alone: what is sent twice is seen once. */
  collapseKey: string;
}

/** @returns the id that Firebase Cloud Messaging gave it */
export async function sendPush(firebase: Firebase, push: Push): Promise<string> {
  const messaging = await firebase.messaging();
  const { collapseKey } = push;
  return messaging.send({
    topic: push.topic,
    notification: { title: push.title, body: push.text },
    data: push.data,
    android: { collapseKey, notification: { tag: collapseKey } },
    apns: { headers: { 'apns-collapse-id': collapseKey } },
    webpush: { notification: { tag: collapseKey } },
  });
}

/** Tells the owner of a lecture that its PDF is there. */
export function completionPush(options: {
  db: Executor;
  firebase: Firebase;
  log: Logger;
}): (lectureId: string) => Promise<void> {
  const { db, firebase, log } = options;
  return async (lectureId) => {
    const lecture = await readLecture(db, lectureId);
    // It is gone, or is made again and will be told of then.
    if (lecture?.status !== 'completed') return;
    try {
      await sendPush(firebase, {
        topic: userTopic(lecture.uid),
        title: 'Your PDF is ready',
        text: lecture.filename,
        data: {
          type: 'lecture_completed',
          video_id: lecture.id,
          job_id: lecture.job_id,
          status: lecture.status,
        },
        collapseKey: lecture.id,
      });
    } catch (error) {
      if (!HOPELESS.has(errorCode(error) ?? '')) throw error;
      log.error('a push was refused for good', { lecture_id: lectureId, code: errorCode(error) });
    }
  };
}

import { ApiError, unavailable } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { firebaseUses } from '../firebase/uses.ts';
import { sendPush, userTopic } from '../outlets/push.ts';
import { principalOf } from '../request-context.ts';
import { notified, testNotification } from './schemas.ts';

/** `/admin/test-notification`: does a push arrive? */
export function notificationRoutes({ firebase, audit, env }: GatewayDeps): Route[] {
  const test = defineRoute({
    method: 'post',
    path: '/admin/test-notification',
    summary: 'Push a message to one’s own devices, or a user’s',
    access: 'admin',
    body: testNotification,
    responses: { 200: { description: 'Firebase Cloud Messaging has it', schema: notified } },
    handler: async ({ req, body }) => {
      if (!firebase || !firebaseUses(env).push) {
        throw new ApiError(503, 'push_not_configured', 'Firebase Cloud Messaging is not configured here');
      }
      const topic = userTopic(body.user_id ?? principalOf(req).uid);
      const { title, body: text } = body;
      const messageId = await sendPush(firebase, {
        topic,
        title,
        text,
        data: { type: 'test' },
        collapseKey: 'test',
      }).catch((error: unknown) => {
        throw unavailable('push', error);
      });
      await audit.record(auditEntry(req, 'notification.test', topic));
      const message = 'The notification was sent';
      return { status: 200, body: { success: true, message_id: messageId, topic, message } };
    },
  });
  return [test];
}

import { z } from 'zod';

const time = z.iso.datetime();
const status = z.enum(['active', 'inactive']);
const adminRole = z.enum(['admin', 'super_admin']);
const description = z.string().trim().max(500);

/** Somebody who may administer. */
export const adminView = z
  .object({
    id: z.string(),
    /** Of who is named in the configuration by a uid, that uid. */
    email: z.string(),
    role: adminRole,
    status,
    is_super_admin: z.boolean(),
    description: z.string(),
    added_by: z.string(),
    created_at: time.nullable(),
    updated_at: time.nullable(),
    last_login: time.nullable(),
    login_count: z.int().nonnegative(),
  })
  .meta({ id: 'Admin' });
export type AdminView = z.infer<typeof adminView>;

export const newAdmin = z.strictObject({
  email: z.string().trim().toLowerCase().max(320).pipe(z.email()),
  role: adminRole.default('admin'),
  description: description.default(''),
});
export const adminChanges = z
  .strictObject({
    role: adminRole.optional(),
    status: status.optional(),
    description: description.optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'nothing is to be changed');
export type AdminChanges = z.infer<typeof adminChanges>;

export const adminChanged = z.object({ success: z.literal(true), admin: adminView, message: z.string() });
export const adminStats = z.object({
  total_admins: z.int(),
  active_admins: z.int(),
  super_admins: z.int(),
  removed_admins: z.int(),
});

/** A worker process that is alive, or a server that was registered by hand. */
export const serverView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    /** Workers take jobs from the queue and have no address. */
    url: z.string().nullable(),
    type: z.string(),
    description: z.string(),
    status,
    health_status: z.object({
      /** Null before anybody has looked. */
      healthy: z.boolean().nullable(),
      /** Milliseconds. */
      response_time: z.int().nullable(),
      error: z.string().nullable(),
      last_check: time.nullable(),
    }),
    /** Jobs in work. */
    current_load: z.int().nonnegative(),
    /** Jobs at a time. */
    capacity: z.int().nullable(),
    total_jobs_processed: z.int().nonnegative(),
    done: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    since: time,
    version: z.string().nullable(),
    /** Whether a person registered it. */
    manual: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Server' });
export type ServerView = z.infer<typeof serverView>;

const name = z.string().trim().min(1).max(100);
const url = z.string().trim().max(2_000);
const type = z.string().trim().min(1).max(50);
export const newServer = z.object({
  name,
  url: url.meta({ description: 'Asked by GET whether the server is healthy' }),
  type: type.default('worker'),
  description: description.default(''),
  status: status.default('active'),
});
export const serverChanges = z
  .object({ name, url, type, description, status })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'nothing is to be changed');

export const serverChanged = z.object({ success: z.literal(true), server: serverView, message: z.string() });
export const healthCheck = z.object({ server_id: z.uuid().optional(), id: z.uuid().optional() });
export const healthChecked = z.object({
  success: z.literal(true),
  checked: z.int(),
  healthy: z.int(),
  servers: z.array(serverView),
  message: z.string(),
});

export const adminFigures = z.object({
  totalUsers: z.int(),
  totalVideos: z.int(),
  totalPDFs: z.int(),
  activeProcessing: z.int(),
  inQueue: z.int(),
  failed: z.int(),
  total_users: z.int(),
  total_videos: z.int(),
  total_pdfs: z.int(),
  active_processing: z.int(),
  in_queue: z.int(),
});

export const testNotification = z.object({
  title: z.string().trim().min(1).max(200).default('Test notification'),
  body: z.string().trim().min(1).max(1_000).default('Notifications from Mediaworks arrive here.'),
  user_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'The uid of the receiver; default: the caller' }),
});
export const notified = z.object({
  success: z.literal(true),
  message_id: z.string(),
  topic: z.string(),
  message: z.string(),
});

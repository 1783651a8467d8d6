import type { FoundFace, JobError, JobStatus } from '@mediaworks/contracts';
import type { ColumnType, Generated } from 'kysely';

type CreatedAt = ColumnType<Date, Date | undefined, never>;
type UpdatedAt = ColumnType<Date, Date | undefined, Date>;
/** Written as text, read as the value. */
type Json<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

export interface UsersTable {
  id: Generated<number>;
  uid: string;
  username: string;
  email: string | null;
  created_at: CreatedAt;
}

export interface JobsTable {
  id: string;
  type: string;
  queue: string;
  owner_id: number;
  priority: 'interactive' | 'bulk';
  status: Generated<JobStatus>;
  input: Json<unknown>;
  result: NullableJson<unknown>;
  error: NullableJson<JobError>;
  run: Generated<number>;
  attempt: Generated<number>;
  max_attempts: number;
  crashes: Generated<number>;
  claim: Generated<number>;
  worker_id: string | null;
  lease_expires_at: Date | null;
  progress_percent: Generated<number>;
  progress_stage: Generated<string>;
  checkpoint: NullableJson<unknown>;
  parent_id: string | null;
  parent_run: number | null;
  spawn_key: string | null;
  has_children: Generated<boolean>;
  request_id: string | null;
  traceparent: string | null;
  next_run_at: Date | null;
  created_at: CreatedAt;
  started_at: Date | null;
  finished_at: Date | null;
  updated_at: UpdatedAt;
  version: Generated<number>;
}

export interface JobAttemptsTable {
  job_id: string;
  claim: number;
  run: number;
  attempt: number;
  worker_id: string;
  started_at: CreatedAt;
  ended_at: Date | null;
  outcome: 'completed' | 'failed' | 'cancelled' | 'released' | 'crashed' | null;
  error: NullableJson<JobError>;
}

export interface OutboxTable {
  id: Generated<number>;
  job_id: string;
  run: number;
  type: string;
  queue: string;
  priority: string;
  not_before: Date | null;
  traceparent: string | null;
  verify: Generated<boolean>;
  told_at: Date | null;
}

export interface WorkersTable {
  id: string;
  service: string;
  hostname: string;
  pid: number;
  version: string;
  slots: number;
  busy: Generated<number>;
  done: Generated<number>;
  failed: Generated<number>;
  started_at: CreatedAt;
  heartbeat_at: UpdatedAt;
}

export interface IdempotencyKeysTable {
  owner_id: number;
  key: string;
  fingerprint: string;
  resource_id: string;
  created_at: CreatedAt;
}

export interface AuditLogTable {
  id: Generated<number>;
  at: CreatedAt;
  actor_id: number | null;
  action: string;
  subject: string;
  request_id: string | null;
  details: ColumnType<unknown, string | undefined, never>;
}

export interface MediaItemsTable {
  id: Generated<number>;
  owner_id: number;
  job_id: string;
  file_type: 'image' | 'video' | 'audio';
  mime_type: string;
  filename: string;
  original_key: string;
  token: string;
  file_size: number;
  checksum: string;
  profile: Generated<string[]>;
  is_public: Generated<boolean>;
  created_at: CreatedAt;
  updated_at: UpdatedAt;
}

export interface LecturesTable {
  id: string;
  owner_id: number;
  job_id: string;
  filename: string;
  video_key: string;
  file_size: number | null;
  checksum: string | null;
  source_url: string | null;
  subtitle_key: string | null;
  layout: 'portrait' | 'landscape' | 'slides-only';
  created_at: CreatedAt;
}

export interface StagedUploadsTable {
  id: string;
  owner_id: number;
  service: 'lectures' | 'media';
  file_id: string | null;
  total_chunks: number | null;
  total_bytes: number | null;
  metadata: Json<Record<string, string>>;
  created_at: CreatedAt;
  touched_at: UpdatedAt;
  held_until: Date | null;
  finished_at: Date | null;
  lecture_id: string | null;
  media_id: number | null;
  refusal: NullableJson<{ status: number; code: string; message: string }>;
}

export interface StagedPartsTable {
  upload_id: string;
  position: number;
  size: number;
  object_key: string;
}

export interface ChoresTable {
  name: string;
  last_run_at: ColumnType<Date, Date | string, Date>;
  held_until: Date | null;
}

export interface AdminUsersTable {
  id: Generated<string>;
  email: string;
  role: 'admin' | 'super_admin';
  status: Generated<'active' | 'inactive'>;
  description: Generated<string>;
  added_by: string;
  created_at: CreatedAt;
  updated_at: UpdatedAt;
  removed_at: Date | null;
  last_login: Date | null;
  login_count: Generated<number>;
}

export interface AdminServersTable {
  id: Generated<string>;
  name: string;
  url: string;
  type: string;
  description: Generated<string>;
  status: Generated<'active' | 'inactive'>;
  created_at: CreatedAt;
  updated_at: UpdatedAt;
  healthy: boolean | null;
  response_ms: number | null;
  health_error: string | null;
  checked_at: Date | null;
}

export interface LectureNewsTable {
  id: Generated<number>;
  lecture_id: string;
  outlet: 'mirror' | 'push';
  due_at: UpdatedAt;
  tries: Generated<number>;
  held_until: Date | null;
}

export interface HarvestRunsTable {
  id: string;
  owner_id: number;
  job_id: string;
  created_at: CreatedAt;
}

export interface HarvestUsersTable {
  id: Generated<number>;
  doc_id: string;
  email: string;
  folder: string;
  created_at: CreatedAt;
}

export interface HarvestedFilesTable {
  id: Generated<number>;
  user_id: number;
  source: string;
  kind: 'images' | 'voices';
  object_key: string;
  bucket: string;
  storage_path: string;
  generation: string | null;
  source_size: number | null;
  md5: string | null;
  crc32c: string | null;
  size: number | null;
  sha256: string | null;
  content_type: string | null;
  run_id: string | null;
  harvested_at: Date | null;
}

export interface HarvestEntriesTable {
  run_id: string;
  user_id: number;
  kind: 'images' | 'voices';
  position: number;
  media_id: string | null;
  storage_path: string | null;
  outcome: 'downloaded' | 'unchanged' | 'would_download' | 'duplicate' | 'failed';
  object_key: string | null;
  size: number | null;
  sha256: string | null;
  md5: string | null;
  crc32c: string | null;
  generation: string | null;
  code: string | null;
  message: string | null;
}

export interface PersonsTable {
  id: string;
  owner_id: number;
  name: string;
  created_at: CreatedAt;
  updated_at: UpdatedAt;
}

export interface PersonAliasesTable {
  old_id: string;
  person_id: string;
}

export interface PersonPhotosTable {
  id: string;
  owner_id: number;
  person_id: string;
  job_id: string | null;
  object_key: string;
  face: NullableJson<FoundFace>;
  created_at: CreatedAt;
}

export interface FaceEmbeddingsTable {
  person_photo_id: string;
  model_id: string;
  owner_id: number;
  embedding: Buffer;
}

export interface GalleriesTable {
  owner_id: number;
  version: Generated<number>;
}

export interface PhotoBatchesTable {
  id: string;
  owner_id: number;
  job_id: string | null;
  domain: string;
  threshold: number;
  grouping_job_id: string | null;
  created_at: CreatedAt;
}

export interface PhotosTable {
  id: string;
  batch_id: string;
  position: number;
  filename: string;
  object_key: string | null;
  job_id: string | null;
  refusal: NullableJson<{ code: string; message: string }>;
  received_at: ColumnType<Date, Date | string, never>;
}

export interface PhotoFacesTable {
  photo_id: string;
  face: number;
  model_id: string;
  embedding: Buffer;
}

export interface PhotoFaceNamesTable {
  photo_id: string;
  face: number;
  person_id: string;
}

export interface TiktokUsersTable {
  student_id: string;
  username: string;
  created_at: CreatedAt;
  updated_at: UpdatedAt;
}

export interface TiktokVideosTable {
  video_id: string;
  username: string;
  video_url: string;
  storage_path: string;
  thumbnail_path: string | null;
  title: string | null;
  description: string | null;
  uploader: string | null;
  duration: number | null;
  size: number;
  width: number | null;
  height: number | null;
  uploaded_at: Date | null;
  like_count: number | null;
  view_count: number | null;
  comment_count: number | null;
  share_count: number | null;
  sound_title: string | null;
  sound_artist: string | null;
  sound_album: string | null;
  checksum: string;
  stored_at: CreatedAt;
}

/** Every table there is; the migrations make them. */
export interface Database {
  users: UsersTable;
  jobs: JobsTable;
  job_attempts: JobAttemptsTable;
  outbox: OutboxTable;
  workers: WorkersTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_log: AuditLogTable;
  media_items: MediaItemsTable;
  chores: ChoresTable;
  lectures: LecturesTable;
  staged_uploads: StagedUploadsTable;
  staged_parts: StagedPartsTable;
  admin_users: AdminUsersTable;
  admin_servers: AdminServersTable;
  lecture_news: LectureNewsTable;
  persons: PersonsTable;
  person_aliases: PersonAliasesTable;
  person_photos: PersonPhotosTable;
  face_embeddings: FaceEmbeddingsTable;
  galleries: GalleriesTable;
  photo_batches: PhotoBatchesTable;
  photos: PhotosTable;
  photo_faces: PhotoFacesTable;
  photo_face_names: PhotoFaceNamesTable;
  harvest_runs: HarvestRunsTable;
  harvest_users: HarvestUsersTable;
  harvested_files: HarvestedFilesTable;
  harvest_entries: HarvestEntriesTable;
  tiktok_users: TiktokUsersTable;
  tiktok_videos: TiktokVideosTable;
}

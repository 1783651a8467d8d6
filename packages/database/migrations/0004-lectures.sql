-- Lectures: what was uploaded, or is to be fetched. What became of it is the job's to say.
create table lectures (
  id uuid primary key,
  owner_id bigint not null references users (id),
  job_id uuid not null unique references jobs (id),
  filename text not null,
  -- Not unique: the same bytes of the same owner lie in the store once, whatever number of lectures is made of them.
  video_key text not null,
  -- Null until a video that is fetched by its address has come.
  file_size bigint,
  checksum text,
  source_url text,
  subtitle_key text,
  layout text not null check (layout in ('portrait', 'landscape', 'slides-only')),
  created_at timestamptz not null default now()
);
create index lectures_of_owner on lectures (owner_id, created_at desc, id desc);
create index lectures_newest on lectures (created_at desc, id desc);
create index lectures_of_video on lectures (video_key);
create index lectures_of_bytes on lectures (owner_id, checksum) where checksum is not null;

-- Uploads that come in pieces, by numbered chunks or by tus, until they are whole.
create table staged_uploads (
  -- A lecture that is made of the pieces has this id too, so that none is ever made twice.
  id uuid primary key,
  owner_id bigint not null references users (id),
  service text not null check (service in ('lectures', 'media')),
  -- The client's name of a chunked upload; null for tus, which names it by the id.
  file_id text,
  -- Pieces of a chunked upload.
  total_chunks integer,
  -- Bytes of a tus upload.
  total_bytes bigint,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  touched_at timestamptz not null default now(),
  -- Whoever puts the pieces together has it until then; who dies leaves it to the next.
  held_until timestamptz,
  finished_at timestamptz,
  -- What it became, or why it never will.
  lecture_id uuid,
  media_id bigint,
  refusal jsonb
);
create unique index staged_uploads_open on staged_uploads (owner_id, file_id)
  where file_id is not null and finished_at is null;
create index staged_uploads_done on staged_uploads (owner_id, file_id, finished_at desc)
  where file_id is not null and finished_at is not null;
create index staged_uploads_age on staged_uploads (touched_at);

create table staged_parts (
  upload_id uuid not null references staged_uploads (id) on delete cascade,
  -- A chunk's number, or the offset of a tus part's first byte.
  position bigint not null,
  size bigint not null,
  object_key text not null unique,
  primary key (upload_id, position)
);

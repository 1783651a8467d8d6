-- Runs of the harvester. How one stands is its job's to say, and its job's children's.
create table harvest_runs (
  id uuid primary key,
  owner_id bigint not null references users (id),
  job_id uuid not null unique references jobs (id),
  created_at timestamptz not null default now()
);
create index harvest_runs_newest on harvest_runs (created_at desc, id desc);

-- The users of the Firebase project, and the folder that each has for good.
create table harvest_users (
  id bigint generated always as identity primary key,
  doc_id text not null unique,
  email text not null,
  folder text not null,
  created_at timestamptz not null default now()
);
-- Some disks know no case: two folders that differ in nothing else would be one.
create unique index harvest_users_folder on harvest_users (lower(folder));
create index harvest_users_email on harvest_users (lower(email));

-- A file of a user: the name that it has for good, and which version of it lies there.
create table harvested_files (
  id bigint generated always as identity primary key,
  user_id bigint not null references harvest_users (id),
  -- A hash of kind, id, bucket and path: what makes it this file and no other.
  source text not null,
  kind text not null check (kind in ('images', 'voices')),
  object_key text not null,
  bucket text not null,
  storage_path text not null,
  -- As Storage tells them; null until the file lies there whole.
  generation text,
  source_size bigint,
  md5 text,
  crc32c text,
  size bigint,
  sha256 text,
  content_type text,
  -- The run that fetched it last.
  run_id uuid,
  harvested_at timestamptz,
  unique (user_id, source)
);
create unique index harvested_files_key on harvested_files (lower(object_key));

-- What one run found of each entry of each user's lists.
create table harvest_entries (
  run_id uuid not null references harvest_runs (id) on delete cascade,
  user_id bigint not null references harvest_users (id),
  kind text not null check (kind in ('images', 'voices')),
  -- In the user's list, from 0; -1 is the list itself.
  position integer not null,
  media_id text,
  storage_path text,
  outcome text not null check (outcome in ('downloaded', 'unchanged', 'would_download', 'duplicate', 'failed')),
  object_key text,
  size bigint,
  sha256 text,
  md5 text,
  crc32c text,
  generation text,
  code text,
  message text,
  primary key (run_id, user_id, kind, position)
);

-- What was uploaded. What became of it is the job's to say.
create table media_items (
  id bigint generated always as identity primary key,
  owner_id bigint not null references users (id),
  job_id uuid not null unique references jobs (id),
  file_type text not null check (file_type in ('image', 'video', 'audio')),
  mime_type text not null,
  filename text not null,
  original_key text not null,
  -- The unguessable part of every object key of this item.
  token text not null unique,
  file_size bigint not null,
  checksum text not null,
  profile text[] not null default '{}',
  is_public boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index media_items_of_owner on media_items (owner_id, id desc);
create index media_items_newest on media_items (id desc);

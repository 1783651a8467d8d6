-- The tables and the bucket of the tiktok-ingester, for the SQL editor of a Supabase project. Running it again changes
-- nothing. Both tables are closed to everybody but the service role: what they hold is about students. Pages that read
-- them directly need policies of their own; there is an example at the end.

create table if not exists public.tiktok_users (
  student_id text primary key,
  username text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table if not exists public.tiktok_videos (
  video_id text primary key,
  username text not null,
  video_url text not null,
  -- The lasting address of the file where the bucket is public; null where it is private, and addresses are signed.
  local_path text,
  storage_path text not null,
  thumbnail_path text,
  title text,
  description text,
  uploader text,
  -- Seconds.
  duration double precision,
  -- Bytes.
  size bigint not null,
  width integer,
  height integer,
  uploaded_at timestamptz,
  like_count bigint,
  view_count bigint,
  comment_count bigint,
  share_count bigint,
  sound_title text,
  sound_artist text,
  sound_album text,
  -- Hex SHA-256.
  checksum text not null,
  stored_at timestamptz not null default now()
);
create index if not exists tiktok_videos_of_user
  on public.tiktok_videos (username, uploaded_at desc, video_id desc);

alter table public.tiktok_users enable row level security;
alter table public.tiktok_videos enable row level security;
revoke all on public.tiktok_users, public.tiktok_videos from anon, authenticated;
grant select, insert, update, delete on public.tiktok_users, public.tiktok_videos to service_role;

-- Private: addresses of its files are signed and expire. `public => true` makes every file readable by whoever knows its
-- address, for good.
insert into storage.buckets (id, name, public)
values ('tiktok-videos', 'tiktok-videos', false)
on conflict (id) do nothing;

-- An example: students who sign in under their student id see their own row, and the videos of their own account.
--
-- grant select on public.tiktok_users, public.tiktok_videos to authenticated;
-- create policy "own account" on public.tiktok_users for select to authenticated
--   using (student_id = auth.uid()::text);
-- create policy "own videos" on public.tiktok_videos for select to authenticated
--   using (exists (select 1 from public.tiktok_users u
--                  where u.student_id = auth.uid()::text and u.username = tiktok_videos.username));

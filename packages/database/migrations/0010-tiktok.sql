-- Whose videos are kept. Where Supabase keeps them, these two tables are there instead, and the ones here stay empty.
create table tiktok_users (
  student_id text primary key,
  username text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Kept videos. One that vanished from TikTok stays.
create table tiktok_videos (
  video_id text primary key,
  username text not null,
  video_url text not null,
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
create index tiktok_videos_of_user on tiktok_videos (username, uploaded_at desc, video_id desc);

-- Persons and what they look like; batches of photos and who is on them. Statuses are their jobs' to say.

create table persons (
  id uuid primary key,
  owner_id bigint not null references users (id),
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- A name is how old clients know a person: an owner has it once.
create unique index persons_by_name on persons (owner_id, lower(name));
create index persons_of_owner on persons (owner_id, created_at desc, id desc);

-- What a merged person was: results that name it mean the one that took it in.
create table person_aliases (
  old_id uuid primary key,
  person_id uuid not null references persons (id) on delete cascade
);
create index person_aliases_of_person on person_aliases (person_id);

create table person_photos (
  id uuid primary key,
  owner_id bigint not null references users (id),
  person_id uuid not null references persons (id) on delete cascade,
  -- Null for a face that was named in a batch.
  job_id uuid unique references jobs (id),
  object_key text not null unique,
  -- Box, landmarks, score and quality; null until the face is found.
  face jsonb,
  created_at timestamptz not null default now()
);
create index person_photos_of_person on person_photos (person_id, created_at, id);

-- What a model makes of an enrolled face. Never changes: what is described anew is another row.
create table face_embeddings (
  person_photo_id uuid not null references person_photos (id) on delete cascade,
  model_id text not null,
  owner_id bigint not null references users (id),
  -- 32-bit floats, little-endian, of length 1.
  embedding bytea not null,
  primary key (person_photo_id, model_id)
);
alter table face_embeddings alter column embedding set storage external;
create index face_embeddings_of_owner on face_embeddings (owner_id, model_id);

-- Grows with every change to whom an owner's faces are compared with: who holds them in memory looks here first.
create table galleries (
  owner_id bigint primary key references users (id),
  version bigint not null default 1
);

create function tell_gallery(owner bigint) returns void language sql as $$
  insert into galleries (owner_id) values (owner)
  on conflict (owner_id) do update set version = galleries.version + 1
$$;

create function gallery_embeddings_changed() returns trigger language plpgsql as $$
begin
  perform tell_gallery(owner_id) from (select distinct owner_id from changed order by owner_id) c;
  return null;
end $$;
create trigger face_embeddings_added after insert on face_embeddings
  referencing new table as changed for each statement execute function gallery_embeddings_changed();
create trigger face_embeddings_removed after delete on face_embeddings
  referencing old table as changed for each statement execute function gallery_embeddings_changed();

create function gallery_photo_moved() returns trigger language plpgsql as $$
begin
  perform tell_gallery(new.owner_id);
  return null;
end $$;
create trigger person_photos_moved after update of person_id on person_photos for each row
  when (old.person_id is distinct from new.person_id) execute function gallery_photo_moved();

create sequence photo_batch_numbers;

create table photo_batches (
  -- YYYYMMDD_HHMMSS_nnnn, UTC.
  id text primary key,
  owner_id bigint not null references users (id),
  -- The parent of its photos' jobs; null when no photo was worth looking at.
  job_id uuid unique references jobs (id),
  domain text not null,
  -- Percent.
  threshold double precision not null,
  -- The last job that grouped its unknown faces.
  grouping_job_id uuid references jobs (id),
  created_at timestamptz not null default now()
);
create index photo_batches_of_owner on photo_batches (owner_id, created_at desc, id desc);
create index photo_batches_newest on photo_batches (created_at desc, id desc);

create table photos (
  id uuid primary key,
  batch_id text not null references photo_batches (id) on delete cascade,
  position integer not null,
  filename text not null,
  -- Null for what was refused at the door, and once the photo is too old to be kept.
  object_key text unique,
  job_id uuid unique references jobs (id),
  -- Why it was refused at the door: {code, message}.
  refusal jsonb,
  received_at timestamptz not null,
  unique (batch_id, position),
  check ((job_id is null) = (refusal is not null))
);
create index photos_kept on photos (received_at) where object_key is not null;

-- What a model makes of the faces of a batch, for grouping and naming; goes with the photo.
create table photo_faces (
  photo_id uuid not null references photos (id) on delete cascade,
  -- From 0, as in the result.
  face integer not null,
  model_id text not null,
  embedding bytea not null,
  primary key (photo_id, face)
);
alter table photo_faces alter column embedding set storage external;

-- Who a face is, said by a human. Outlives every new run of the photo's job.
create table photo_face_names (
  photo_id uuid not null references photos (id) on delete cascade,
  face integer not null,
  person_id uuid not null references persons (id) on delete cascade,
  primary key (photo_id, face)
);
create index photo_face_names_of_person on photo_face_names (person_id);

-- Every person that a face may be, by the name of now: who was merged counts as the other, who was deleted does not count.
create view photo_matches as
select c.photo_id, c.batch_id, c.face, p.id as person_id, p.name as person, max(c.confidence) as confidence,
  max(c.similarity) as similarity
from (
  select ph.id as photo_id, ph.batch_id, (f.n - 1)::integer as face, coalesce(a.person_id, m.person_id) as person_id,
    m.confidence, m.similarity
  from photos ph
  join jobs j on j.id = ph.job_id and j.status = 'completed'
  cross join lateral jsonb_array_elements(j.result -> 'faces') with ordinality as f (face, n)
  cross join lateral jsonb_to_recordset(f.face -> 'matches')
    as m (person_id uuid, confidence double precision, similarity double precision)
  left join person_aliases a on a.old_id = m.person_id
  union all
  select ph.id, ph.batch_id, fn.face, fn.person_id, 100, null
  from photo_face_names fn join photos ph on ph.id = fn.photo_id
) c
join persons p on p.id = c.person_id
group by c.photo_id, c.batch_id, c.face, p.id, p.name;

-- Who each face is: the best match, if it is sure enough for the batch.
create view photo_recognised as
select distinct on (m.batch_id, m.photo_id, m.face) m.batch_id, m.photo_id, m.face, m.person_id, m.person, m.confidence
from photo_matches m join photo_batches b on b.id = m.batch_id
where m.confidence >= b.threshold
-- Where percentages say the same, the cosines behind them do not; what a human said comes first.
order by m.batch_id, m.photo_id, m.face, m.confidence desc, m.similarity desc nulls first, m.person_id;

-- Faces of photos that are done which nobody knows.
create view photo_unknown_faces as
select ph.batch_id, pf.photo_id, pf.face, ph.position
from photo_faces pf
join photos ph on ph.id = pf.photo_id
join jobs j on j.id = ph.job_id and j.status = 'completed'
where not exists (
  select from photo_recognised r
  where r.batch_id = ph.batch_id and r.photo_id = pf.photo_id and r.face = pf.face);

-- Who may administer, beside those that the configuration names. A row that was removed stays, for the record.
create table admin_users (
  id uuid primary key default gen_random_uuid(),
  -- In lower case. Counts for those alone whose e-mail address is verified.
  email text not null check (email = lower(email)),
  role text not null check (role in ('admin', 'super_admin')),
  status text not null default 'active' check (status in ('active', 'inactive')),
  description text not null default '',
  -- The e-mail address or uid of whoever it was.
  added_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  removed_at timestamptz,
  last_login timestamptz,
  login_count integer not null default 0
);
create unique index admin_users_email on admin_users (email) where removed_at is null;

-- Servers that were registered by hand; the workers of our own services register themselves.
create table admin_servers (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  url text not null,
  type text not null,
  description text not null default '',
  status text not null default 'active' check (status in ('active', 'inactive')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- What the last look at it found; null before the first.
  healthy boolean,
  response_ms integer,
  health_error text,
  checked_at timestamptz
);

-- What is still to be told of a lecture to the world outside: to its mirror, and to the devices of its owner. Rows are
-- only added, never changed by whoever makes news, so that no transition of a job ever waits for the world outside.
create table lecture_news (
  id bigint generated always as identity primary key,
  lecture_id uuid not null,
  outlet text not null check (outlet in ('mirror', 'push')),
  due_at timestamptz not null default now(),
  tries integer not null default 0,
  -- Whoever is telling it has it until then; who dies leaves it to the next.
  held_until timestamptz
);
create index lecture_news_due on lecture_news (outlet, due_at);
create index lecture_news_of_lecture on lecture_news (lecture_id);

create function tell_of_lecture_job() returns trigger language plpgsql as $$
begin
  insert into lecture_news (lecture_id, outlet)
  select l.id, outlet from lectures l cross join (values ('mirror'), ('push')) as o (outlet)
  where l.job_id = new.id and (outlet = 'mirror' or new.status = 'completed');
  return null;
end $$;
create trigger jobs_tell_of_lecture after update of status on jobs for each row
  when (new.type = 'lecture.convert' and old.status is distinct from new.status)
  execute function tell_of_lecture_job();

create function tell_of_lecture() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into lecture_news (lecture_id, outlet) values (new.id, 'mirror');
  else
    -- Twice: a write that was under way when the lecture went could bring its document back.
    insert into lecture_news (lecture_id, outlet, due_at)
    values (old.id, 'mirror', now()), (old.id, 'mirror', now() + interval '5 minutes');
  end if;
  return null;
end $$;
create trigger lectures_tell after insert or delete on lectures for each row execute function tell_of_lecture();

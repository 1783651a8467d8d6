-- People and the ledger of jobs. Statuses live here alone; everything else derives them.

create table users (
  id bigint generated always as identity primary key,
  uid text not null unique,
  username text not null,
  email text,
  created_at timestamptz not null default now()
);

create table jobs (
  id uuid primary key,
  type text not null,
  queue text not null,
  owner_id bigint not null references users (id),
  priority text not null check (priority in ('interactive', 'bulk')),
  status text not null default 'queued'
    check (status in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
  input jsonb not null,
  result jsonb,
  error jsonb,
  -- A retry by hand is a new run. `attempt` counts the tries of this run that cost one.
  run integer not null default 1,
  attempt integer not null default 0,
  max_attempts integer not null check (max_attempts >= 1),
  crashes integer not null default 0,
  -- The fence: grows with every claim and never goes back, so whoever holds an older one can change nothing.
  claim integer not null default 0,
  worker_id uuid,
  lease_expires_at timestamptz,
  progress_percent real not null default 0,
  progress_stage text not null default '',
  checkpoint jsonb,
  parent_id uuid references jobs (id) on delete cascade,
  -- The parent's run that asked for this child last.
  parent_run integer,
  spawn_key text,
  has_children boolean not null default false,
  request_id text,
  traceparent text,
  next_run_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  -- Grows with every change that a client can see.
  version bigint not null default 1
);
-- Partial, so that jobs without a parent, nearly all, do not pay for it at each of their transitions.
create unique index jobs_children on jobs (parent_id, spawn_key) where parent_id is not null;
create index jobs_newest on jobs (created_at desc, id desc);
create index jobs_of_owner on jobs (owner_id, created_at desc, id desc);
create index jobs_leases on jobs (lease_expires_at) where status = 'processing';
create index jobs_waiting on jobs (queue, updated_at) where status = 'queued';

create table job_attempts (
  job_id uuid not null references jobs (id) on delete cascade,
  claim integer not null,
  run integer not null,
  attempt integer not null,
  worker_id uuid not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  outcome text check (outcome in ('completed', 'failed', 'cancelled', 'released', 'crashed')),
  error jsonb,
  primary key (job_id, claim)
);

-- What is still to be told to Redis. A row goes when it has been told, within milliseconds: it has no foreign key, whose
-- check would cost more than the row, and no index but its order. A row whose job is gone is told to nobody's harm.
create table outbox (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  run integer not null,
  type text not null,
  queue text not null,
  priority text not null,
  not_before timestamptz,
  traceparent text,
  -- Redis may hold a finished or lost delivery of this run: look before telling.
  verify boolean not null default false
);

create table workers (
  id uuid primary key,
  service text not null,
  hostname text not null,
  pid integer not null,
  version text not null,
  slots integer not null,
  busy integer not null default 0,
  done bigint not null default 0,
  failed bigint not null default 0,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

create table idempotency_keys (
  owner_id bigint not null references users (id) on delete cascade,
  key text not null,
  fingerprint text not null,
  -- What the first call made: the same answer can be presented again from it.
  resource_id text not null,
  created_at timestamptz not null default now(),
  primary key (owner_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  -- Outlives whoever it was.
  actor_id bigint,
  action text not null,
  subject text not null,
  request_id text,
  details jsonb not null default '{}'
);

-- Does any descendant still have work to do?
create function job_tree_open(root uuid) returns boolean language sql stable parallel safe as $$
  with recursive tree as (
    select id, status, has_children from jobs where parent_id = root
    union all
    select c.id, c.status, c.has_children from jobs c join tree t on c.parent_id = t.id where t.has_children
  )
  select exists (select 1 from tree where status in ('queued', 'processing'))
$$;

-- A job whose own work is done is still processing while a descendant is not.
create function job_status(j jobs) returns text language sql stable parallel safe as $$
  select case when j.status = 'completed' and j.has_children and job_tree_open(j.id) then 'processing' else j.status end
$$;

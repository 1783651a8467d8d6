-- A row of the outbox now stays, as told, until the sweeper sees that its job has ended: what Redis forgets is found here.
-- Every job that is queued or being worked on has one. No index of `jobs` holds anything any more that changes with its
-- status: an update touches none of them and stays on its page (a heap-only tuple), where a part is kept free for it.
drop index jobs_waiting;
drop index jobs_leases;
alter table jobs set (fillfactor = 50);
-- The leases: a job that is worked on has one try that has not ended.
create index job_attempts_open on job_attempts (job_id) where ended_at is null;

-- Null: Redis is to be told.
alter table outbox add column told_at timestamptz;
delete from outbox o using outbox earlier
where o.job_id = earlier.job_id and o.run = earlier.run and o.id > earlier.id;
insert into outbox (job_id, run, type, queue, priority, not_before, traceparent, told_at)
select id, run, type, queue, priority, next_run_at, traceparent, updated_at from jobs j
where status in ('queued', 'processing') and not exists (select from outbox o where o.job_id = j.id and o.run = j.run);
alter table outbox drop constraint outbox_pkey;
drop index outbox_job;
alter table outbox add primary key (job_id, run);
create index outbox_untold on outbox (queue, priority, id) where told_at is null;
create index outbox_told on outbox (told_at) where told_at is not null;

create view open_jobs as
select job_id as id, queue, type, 'queued' as status from outbox where told_at is null
union all
select j.id, j.queue, j.type, j.status from outbox o join jobs j on j.id = o.job_id and j.run = o.run
where o.told_at is not null and j.status in ('queued', 'processing');

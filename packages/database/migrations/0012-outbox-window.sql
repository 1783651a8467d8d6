-- Redis is told of as much as its workers can take soon; the rest waits here, maybe for hours. So rows are taken by queue
-- and priority, in order, and those of a job are found without reading all.
alter table outbox drop constraint outbox_pkey;
alter table outbox add primary key (queue, priority, id);
create index outbox_job on outbox (job_id);

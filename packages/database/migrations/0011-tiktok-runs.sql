-- no-transaction
-- A student's runs. They are always here, wherever the videos are.
create index concurrently if not exists tiktok_runs on jobs ((input ->> 'student_id'), created_at desc) where type = 'tiktok.ingest';

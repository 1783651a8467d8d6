-- What is done once a night by whichever process comes first, and when it was done last.
create table chores (
  name text primary key,
  last_run_at timestamptz not null,
  -- Whoever is at it has it until then; who dies leaves it to the next.
  held_until timestamptz
);

-- Agents: what an operator wants. What containers there are, and how they do, the container engine knows.
create table agents (
  id                 uuid primary key,
  name               text not null unique,
  runtime            text not null check (runtime in ('claude-code', 'codex', 'command')),
  image              text not null,
  auth               text not null check (auth in ('none', 'api_key', 'subscription')),
  subscription_id    uuid references subscriptions (id),
  provider           text,
  via                text not null default 'bridge' check (via in ('bridge', 'provider')),
  cpus               double precision not null,
  memory_bytes       bigint not null,
  pids               integer not null,
  command            text[] not null default '{}',
  environment        jsonb not null default '{}',
  desired_state      text not null check (desired_state in ('running', 'stopped', 'deleted')),
  token_cipher       bytea not null,
  token_key_id       text not null,
  virtual_key_id     uuid,
  virtual_key_cipher bytea,
  virtual_key_key_id text,
  bridge_url         text not null,
  recreate           boolean not null default false,
  generation         bigint not null default 1,
  version            bigint not null default 1,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  check ((auth = 'subscription') = (subscription_id is not null)),
  check ((virtual_key_cipher is null) = (virtual_key_key_id is null))
);
create index agents_subscription on agents (subscription_id) where subscription_id is not null;

comment on column agents.token_cipher is 'The bearer token of the agent server in the container.';
comment on column agents.recreate is 'The container is to be made anew once its tasks have ended.';
comment on column agents.generation is 'Counts what the agent was given to work with: every change of its credential increments it, and an agent refuses an older one.';

-- What each generation of an agent stood for, so that what fails on it is booked to it.
create table agent_generations (
  agent_id         uuid not null references agents (id) on delete cascade,
  generation       bigint not null,
  auth             text not null,
  subscription_id  uuid,
  subscription     text,
  token_generation bigint,
  fingerprint      text,
  virtual_key_id   uuid,
  reason           text not null,
  created_at       timestamptz not null,
  primary key (agent_id, generation)
);
create index agent_generations_fingerprint on agent_generations (fingerprint) where fingerprint is not null;

-- What the control planes saw of an agent last. Rewritten often, and lost without harm.
create table agent_reports (
  agent_id    uuid primary key references agents (id) on delete cascade,
  container   text,
  state       text not null,
  generation  bigint not null default 0,
  fingerprint text,
  running     jsonb not null default '[]',
  delivery    text,
  problem     text,
  attempts    integer not null default 0,
  retry_at    timestamptz,
  reported_at timestamptz not null
) with (fillfactor = 50);

comment on column agent_reports.generation is 'The generation that the agent acknowledged or reported; while it is below that of agents, the credential is on its way.';
comment on column agent_reports.running is 'The tasks that ran then, by the generation they were started on.';

-- A rollout can be about agents, with or without a provider.
alter table rollouts alter column provider_id drop not null;
alter table rollouts add column subject text;
create table rollout_agents (
  rollout_id uuid not null references rollouts (id) on delete cascade,
  agent_id   uuid not null,
  agent      text not null,
  generation bigint not null,
  primary key (rollout_id, agent_id)
);

comment on column rollout_agents.generation is 'The agent''s generation that no longer uses what the rollout retires.';

-- Other control planes learn of a change at once; they look every second anyway.
create function notify_agents_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('agents_changed', '');
  return null;
end $$;
create trigger agents_written after insert or update or delete on agents for each statement execute function notify_agents_changed();

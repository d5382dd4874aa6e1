-- Configuration that every bridge replica reads. Its tables carry the triggers at the end of this file;
-- columns that change with traffic never live in them.

create table config_revision (
  singleton  boolean primary key default true check (singleton),
  revision   bigint not null default 0,
  changed_at timestamptz not null default clock_timestamp()
);
insert into config_revision default values;

create table ai_providers (
  id              uuid primary key,
  name            text not null,
  type            text not null,
  display_name    text,
  base_url        text not null,
  enabled         boolean not null default true,
  settings_cipher bytea,
  settings_key_id text,
  version         bigint not null default 1,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  deleted_at      timestamptz,
  check ((settings_cipher is null) = (settings_key_id is null))
);
create unique index ai_providers_name on ai_providers (name) where deleted_at is null;

create table ai_provider_keys (
  id            uuid primary key,
  provider_id   uuid not null references ai_providers (id),
  ordinal       integer not null,
  name          text,
  secret_cipher bytea not null,
  cipher_key_id text not null,
  hint          text not null,
  created_at    timestamptz not null,
  unique (provider_id, ordinal) deferrable initially deferred
);

create table virtual_keys (
  id         uuid primary key,
  name       text not null,
  hash       bytea not null unique,
  hint       text not null,
  agent      text,
  providers  text[],
  models     text[],
  limits     jsonb,
  expires_at timestamptz,
  revoked_at timestamptz,
  version    bigint not null default 1,
  created_at timestamptz not null
);
create unique index virtual_keys_name on virtual_keys (name) where revoked_at is null;

-- What the fleet reports of itself.

create table bridge_replicas (
  id           uuid primary key,
  address      text not null,
  version      text not null,
  generation   bigint not null,
  applied_at   timestamptz,
  heartbeat_at timestamptz not null,
  started_at   timestamptz not null,
  draining     jsonb not null default '[]',
  errors       jsonb not null default '[]'
) with (fillfactor = 50); -- rewritten at every heartbeat: leave room for updates in place

create table rollouts (
  id                  uuid primary key,
  provider_id         uuid not null references ai_providers (id),
  action              text not null,
  generation          bigint not null,
  retired_key_ids     uuid[] not null,
  retired_key_hints   text[] not null,
  fingerprints_cipher bytea,            -- hashes of the retired keys, encrypted: they tell whether one is configured again
  fingerprints_key_id text,
  created_by          text not null,
  created_at          timestamptz not null,
  check (cardinality(retired_key_ids) = cardinality(retired_key_hints)),
  check ((fingerprints_cipher is null) = (fingerprints_key_id is null))
);
create index rollouts_provider on rollouts (provider_id, id desc);

-- What happened to requests. No foreign keys to configuration: records outlive it.

create table interceptions (
  id              uuid primary key,
  provider_id     uuid,
  provider        text not null,
  provider_type   text,
  route           text,
  model           text,
  client          text not null,
  session_id      text,
  virtual_key_id  uuid,
  caller          text,
  agent           text,
  streaming       boolean not null,
  status          integer not null,
  outcome         text not null check (outcome in ('completed', 'provider_error', 'bridge_error', 'client_abort', 'rejected')),
  error           text,
  credential_kind text,
  key_hint        text,
  attempts        integer not null,
  generation      bigint not null,
  replica_id      uuid not null,
  started_at      timestamptz not null,
  first_byte_ms   double precision,
  duration_ms     double precision not null
);
create index interceptions_started on interceptions (started_at desc);
create index interceptions_session on interceptions (session_id) where session_id is not null;

create table token_usages (
  id              uuid primary key,
  interception_id uuid not null references interceptions (id) on delete cascade,
  input           bigint not null,
  output          bigint not null,
  cache_read      bigint not null,
  cache_write     bigint not null,
  reasoning       bigint not null,
  created_at      timestamptz not null
);
create index token_usages_interception on token_usages (interception_id);

create table tool_usages (
  id              uuid primary key,
  interception_id uuid not null references interceptions (id) on delete cascade,
  ordinal         integer not null,
  tool_call_id    text,
  tool            text not null,
  input           text,
  injected        boolean not null default false,
  created_at      timestamptz not null
);
create index tool_usages_interception on tool_usages (interception_id);

-- Who may operate, and what they did.

create table operator_tokens (
  id         uuid primary key,
  name       text not null,
  role       text not null check (role in ('admin', 'viewer')),
  hash       bytea not null unique,
  hint       text not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create unique index operator_tokens_name on operator_tokens (name) where revoked_at is null;

create table audit_events (
  id          uuid primary key,
  at          timestamptz not null,
  actor       text not null,
  action      text not null,
  target_type text not null,
  target      text not null,
  details     jsonb not null default '{}'
);

-- Any writer (API, psql, a migration) tells the fleet, inside its own transaction: a rollback tells nobody, a statement that
-- touched no row is no change. The counter's row lock makes revisions follow commit order.

create function notify_config_changed() returns trigger language plpgsql as $$
begin
  if exists (select from changed) then
    update config_revision set revision = revision + 1, changed_at = clock_timestamp();
    perform pg_notify(tg_argv[0], '');
  end if;
  return null;
end $$;

create function notify_config_truncated() returns trigger language plpgsql as $$
begin
  update config_revision set revision = revision + 1, changed_at = clock_timestamp();
  perform pg_notify(tg_argv[0], '');
  return null;
end $$;

do $$
declare
  target record;
begin
  for target in
    select * from (values
      ('ai_providers', 'ai_providers_changed'),
      ('ai_provider_keys', 'ai_providers_changed'),
      ('virtual_keys', 'virtual_keys_changed')) as t (table_name, channel)
  loop
    execute format('create trigger config_inserted after insert on %I referencing new table as changed
      for each statement execute function notify_config_changed(%L)', target.table_name, target.channel);
    execute format('create trigger config_updated after update on %I referencing new table as changed
      for each statement execute function notify_config_changed(%L)', target.table_name, target.channel);
    execute format('create trigger config_deleted after delete on %I referencing old table as changed
      for each statement execute function notify_config_changed(%L)', target.table_name, target.channel);
    execute format('create trigger config_truncated after truncate on %I
      for each statement execute function notify_config_truncated(%L)', target.table_name, target.channel);
  end loop;
end $$;

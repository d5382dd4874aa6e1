-- What providers refused of callers who brought their own credential, as bridges saw it. Control planes claim each once; a claim that was
-- not finished lapses. The credential is named by its fingerprint alone.
create table credential_refusals (
  id             uuid primary key,      -- the interception's
  virtual_key_id uuid not null,
  fingerprint    text not null,
  provider       text not null,
  status         integer not null,
  limits         jsonb,
  retry_at       timestamptz,
  requested_at   timestamptz not null,
  refused_at     timestamptz not null,
  replica_id     uuid not null,
  claimed_at     timestamptz,
  handled_at     timestamptz
);
create index credential_refusals_open on credential_refusals (refused_at) where handled_at is null;

comment on column credential_refusals.limits is 'How far the subscription''s limits were used up, as the reply''s headers said.';
comment on column credential_refusals.requested_at is 'When the request came: which credential an agent had then tells whose failure it is.';

create function notify_credential_refused() returns trigger language plpgsql as $$
begin
  if exists (select from refused) then
    perform pg_notify('credential_refused', '');
  end if;
  return null;
end $$;
create trigger credential_refused after insert on credential_refusals referencing new table as refused
  for each statement execute function notify_credential_refused();

-- Failures of subscriptions, booked to what the task or the request started on. They steer for two hours and go after a day.
-- No foreign keys to configuration: what happened stays true.
create table subscription_failures (
  id              uuid primary key,
  reported_as     text not null unique, -- the task or the interception, so that a report that comes twice counts once
  agent_id        uuid,
  agent           text,
  subscription_id uuid not null,
  subscription    text not null,
  generation      bigint,
  fingerprint     text,
  kind            text not null check (kind in ('rate_limit', 'auth')),
  source          text not null check (source in ('task', 'bridge')),
  message         text not null,
  resets_at       timestamptz,
  retry_at        timestamptz,
  occurred_at     timestamptz not null
);
create index subscription_failures_subscription on subscription_failures (subscription_id, occurred_at desc);
create index subscription_failures_occurred on subscription_failures (occurred_at);

comment on column subscription_failures.resets_at is 'When the limit''s window begins anew, by the provider''s word; once it has passed the failure proves nothing any more.';
comment on column subscription_failures.retry_at is 'When the provider wants to be asked again, which says nothing of its windows.';

-- The last that was heard of a subscription's limits. A row of another token than the subscription's proves nothing.
create table subscription_headroom (
  subscription_id       uuid primary key references subscriptions (id) on delete cascade,
  fingerprint           text not null,
  five_hour_utilization double precision,
  five_hour_resets_at   timestamptz,
  five_hour_status      text,
  seven_day_utilization double precision,
  seven_day_resets_at   timestamptz,
  seven_day_status      text,
  status                text,
  resets_at             timestamptz,
  source                text not null,
  observed_at           timestamptz not null
);

comment on column subscription_headroom.status is 'The provider''s verdict; it serves while this is allowed or allowed_warning.';

-- What happened to an agent and why, for people. Repetitions of one thing are counted in one entry.
create table agent_timeline (
  id          uuid primary key,
  agent_id    uuid not null,
  agent       text not null,
  at          timestamptz not null,
  kind        text not null,
  summary     text not null,
  details     jsonb not null default '{}',
  repeat_key  text,
  occurrences integer not null default 1,
  last_at     timestamptz not null,
  unique (agent_id, repeat_key)
);
create index agent_timeline_agent on agent_timeline (agent_id, id desc);

-- What operators should hear of.
create table notifications (
  id       uuid primary key,
  at       timestamptz not null,
  severity text not null check (severity in ('info', 'warning', 'high')),
  category text not null,
  agent    text,
  title    text not null,
  details  jsonb not null default '{}',
  read_at  timestamptz
);
create index notifications_unread on notifications (id desc) where read_at is null;

-- Settings that operators change at run time; one without a row has its default.
create table settings (
  key        text primary key,
  value      jsonb not null,
  updated_at timestamptz not null
);

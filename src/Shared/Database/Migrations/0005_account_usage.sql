-- What was last heard of the limits behind a credential, from live traffic and from probes. Named by the credential, so that what was said of one
-- can never be taken for another's. Rewritten often, and lost without harm: that is why nothing of subscription_headroom is carried over.
drop table subscription_headroom;
create table account_limits (
  credential  text not null,
  source      text not null check (source in ('live', 'probe')),
  limits      jsonb not null,
  detail      text not null,
  observed_at timestamptz not null,
  primary key (credential, source)
) with (fillfactor = 50);
create index account_limits_observed on account_limits (observed_at);

comment on column account_limits.credential is 'A token''s fingerprint, or key:<id> of a provider''s key.';
comment on column account_limits.detail is 'Which headers or which endpoint said it.';

-- Who asked a provider about an account last, so that all control planes together do not ask more often than they may.
create table account_probes (
  account    text primary key,
  credential text not null,
  started_at timestamptz not null,
  verdict    text,
  problem    text,
  paid       boolean
);

comment on column account_probes.verdict is 'What came of it; null while it is under way, or when whoever asked was killed.';
comment on column account_probes.paid is 'Whether the answer cost a request of the account''s: then looking at it asks less often.';

-- How an account was used over time, for charts and for the rate at which it fills.
create table account_usage_history (
  account    text not null,
  credential text not null,
  at         timestamptz not null,
  limits     jsonb not null,
  primary key (account, at)
);
create index account_usage_history_at on account_usage_history (at);

-- Which provider keys are cooling down on a bridge, by its last heartbeat.
alter table bridge_replicas add column cooling jsonb not null default '[]';

-- With which credential a request went to its provider, so that what it used up is booked to that one, whatever its agent has by now.
alter table interceptions add column credential text;

comment on column interceptions.credential is 'The fingerprint of the caller''s own token, or key:<id> of the provider''s key that was tried last.';

-- New work stops at this share of a subscription's fullest window; null: the settings' default.
alter table subscriptions add column soft_ceiling_percent integer check (soft_ceiling_percent between 1 and 100);

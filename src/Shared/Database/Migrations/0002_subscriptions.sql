-- Subscriptions of model providers, whose tokens agents work with. The token is encrypted; its fingerprint names it without giving it away.
create table subscriptions (
  id               uuid primary key,
  name             text not null unique,
  type             text,
  tier             text,
  token_cipher     bytea not null,
  cipher_key_id    text not null,
  hint             text not null,
  fingerprint      text not null,
  token_generation bigint not null default 1,
  version          bigint not null default 1,
  created_at       timestamptz not null,
  updated_at       timestamptz not null
);

comment on column subscriptions.token_generation is 'Counts the tokens that this subscription has had: a key rollover increments it.';

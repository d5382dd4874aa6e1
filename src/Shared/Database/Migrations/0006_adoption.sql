-- Agents that have lost what they worked with, and are to be given a subscription.
alter table agents add column adopt boolean not null default false;

comment on column agents.adopt is 'The agent has no credential, and something has happened that may give it one: the control planes look for a subscription, once.';

-- Every request writes an interception and what it used, in one transaction. The foreign keys looked up again what that transaction had written itself, and
-- took a third of Postgres's time for a record; the second index of each table answers nothing that a key which begins with the interception does not.
alter table token_usages
  drop constraint token_usages_interception_id_fkey,
  drop constraint token_usages_pkey,
  add primary key (interception_id, id);
drop index token_usages_interception;

alter table tool_usages
  drop constraint tool_usages_interception_id_fkey,
  drop constraint tool_usages_pkey,
  add primary key (interception_id, id);
drop index tool_usages_interception;

comment on column token_usages.interception_id is 'Written in the interception''s own transaction. Whoever deletes an interception deletes these too: there is no foreign key.';
comment on column tool_usages.interception_id is 'Written in the interception''s own transaction. Whoever deletes an interception deletes these too: there is no foreign key.';

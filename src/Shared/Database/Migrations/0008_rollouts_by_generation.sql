-- Whether a rollout may be called safe is asked every some milliseconds while somebody waits: which others retire the same secret must not cost a look at all there ever were.
create index rollouts_generation on rollouts (generation);
create index rollouts_retired_keys on rollouts using gin (retired_key_ids);

-- Starts to follow a registration, or takes it up again for another change: what was known of it before that change is
-- no news any more, so that an equal verdict after a resubmission is told too. Repeating it for one change does nothing.
-- KEYS: doc. ARGV: change number or '', title, started_at, owner, then field/value pairs of a new document. Returns 1 when new.
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 5))
  return 1
end
if redis.call('HGET', KEYS[1], 'change') ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'change', ARGV[1], 'title', ARGV[2], 'started_at', ARGV[3],
    'owner', ARGV[4], 'status', '', 'snapshot', '{}', 'failures', 0, 'trouble', '')
  -- a look that is under way has seen the time before: its record is refused
  redis.call('HINCRBY', KEYS[1], 'version', 1)
end
return 0

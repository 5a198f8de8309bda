-- Starts to follow a registration, or takes it up again for another change: what was known of it before that change is
-- no news any more, so that an equal verdict after a resubmission is told too, and reminders begin anew. Each change
-- does so once: what it repeats later, as its run goes on, must not make news of what was told under a change that came
-- in between.
-- KEYS: doc. ARGV: change number or '', title, started_at, owner, made_at, tries to add, then field/value pairs of a new
-- document. Returns 1 when new.
local taken = 'taken_up_by:' .. ARGV[1]
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then
  redis.call('HSET', KEYS[1], taken, 1, unpack(ARGV, 7))
  return 1
end
if ARGV[1] ~= '' and redis.call('HSETNX', KEYS[1], taken, 1) == 1 then
  -- whoever took it over by hand goes on seeing to it
  if redis.call('HEXISTS', KEYS[1], 'assigned') == 0 then
    redis.call('HSET', KEYS[1], 'owner', ARGV[4])
  end
  redis.call('HSET', KEYS[1], 'change', ARGV[1], 'title', ARGV[2], 'started_at', ARGV[3],
    'made_at', ARGV[5], 'status', '', 'snapshot', '{}', 'failures', 0, 'trouble', '')
  redis.call('HINCRBY', KEYS[1], 'tries', ARGV[6])
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 5) == 'told:' then
      redis.call('HDEL', KEYS[1], field)
    end
  end
  -- a look that is under way has seen the time before: its record is refused
  redis.call('HINCRBY', KEYS[1], 'version', 1)
end
return 0

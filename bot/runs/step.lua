-- Records how far a step is, and the state that the change enters with it, if the caller still owns the run.
-- KEYS: doc, steps, timeline. ARGV: fence, step id, step (JSON), timeline entry or '', new state or '', note.
-- Returns 1, or 0 when fenced out.
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[1], 'version', 1)
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'state', ARGV[5], 'note', ARGV[6])
end
if ARGV[4] ~= '' then
  redis.call('RPUSH', KEYS[3], ARGV[4])
end
return 1

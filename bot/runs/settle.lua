-- A person's word on the step that a change stands at: the step and the state of the change move together.
-- KEYS: doc, steps, timeline. ARGV: step id, step (JSON), timeline entry, and the state (unknown, waiting or failed) in
-- which both the change and the step must be. Returns 1, or 0 when they are elsewhere by now.
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[4] then
  return 0
end
local step = redis.call('HGET', KEYS[2], ARGV[1])
if not step or cjson.decode(step).state ~= ARGV[4] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
-- a worker may be looking at a waiting step just now: it must not write over what the person has said
redis.call('HSET', KEYS[1], 'state', 'approved', 'note', '', 'lease_until', 0)
redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('RPUSH', KEYS[3], ARGV[3])
return 1

-- A person's word on the step whose outcome is unknown: the step and the state of the change move together.
-- KEYS: doc, steps, timeline. ARGV: step id, step (JSON), timeline entry. Returns 1, or 0 when nothing is unknown any more.
if redis.call('HGET', KEYS[1], 'state') ~= 'unknown' then
  return 0
end
local step = redis.call('HGET', KEYS[2], ARGV[1])
if not step or cjson.decode(step).state ~= 'unknown' then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[1], 'state', 'approved', 'note', '')
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('RPUSH', KEYS[3], ARGV[3])
return 1

-- Records how far a step is, and the state that the change enters with it, if the caller still owns the run.
-- KEYS: doc, steps, timeline. ARGV: fence, step id, step (JSON), timeline entry or '', new state or '', note, then
-- field/value pairs of the document. Returns 1, or 0 when fenced out.
local doc = redis.call('HMGET', KEYS[1], 'fence', 'state')
if doc[1] ~= ARGV[1] then
  return 0
end
-- a person may have abandoned a waiting change while a worker looked: nothing of it runs on, or comes back to life
if doc[2] ~= 'approved' and doc[2] ~= 'running' and doc[2] ~= 'waiting' then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[1], 'version', 1)
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'state', ARGV[5], 'note', ARGV[6])
end
if #ARGV > 6 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 7))
end
if ARGV[4] ~= '' then
  redis.call('RPUSH', KEYS[3], ARGV[4])
end
return 1

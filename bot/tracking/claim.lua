-- Claims what is due, so that two sweeps never look at the same registration at once.
-- KEYS: due times. ARGV: now, claim in seconds, how many at most. Returns the claimed ids.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[2], id)
end
return due

-- Claims what is due, so that two sweeps never look at the same registration at once.
-- KEYS: due times. ARGV: now, claim in seconds, how many at most. Returns the claimed ids, each followed by
-- when it was due.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #due, 2 do
  redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[2], due[i])
end
return due

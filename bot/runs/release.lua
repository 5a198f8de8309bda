-- Gives a run's lease back, so that the next worker need not wait for it to end. KEYS: doc. ARGV: fence.
if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'lease_until', 0)
end
return 1

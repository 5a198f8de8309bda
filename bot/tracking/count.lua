-- Counts a receipt of a message once.
-- KEYS: receipts that were counted, the counts of this hour, the mark that the traffic is to be looked at anyway.
-- ARGV: receipt, now, for how long receipts are remembered (seconds), how many of them at most, for how long counts are
-- kept (seconds), the message as one that bypasses its service and the field to count it in (both '' when it does not),
-- then fields to count the receipt in. Returns 1 when the traffic should be looked at, else 0.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[3])
local counted = 0
if redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1]) == 1 then
  for field = 8, #ARGV do
    counted = redis.call('HINCRBY', KEYS[2], ARGV[field], 1)
  end
end
if ARGV[6] ~= '' and redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[6]) == 1 then
  counted = redis.call('HINCRBY', KEYS[2], ARGV[7], 1)
end
if counted > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[4] - 1)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
return 1 - redis.call('EXISTS', KEYS[3])

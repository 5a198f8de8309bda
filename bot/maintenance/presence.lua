-- Notes that a process lives, and forgets those that have not said so for a while; by Redis' own clock.
-- KEYS: processes. ARGV: this process or '' to only look, seconds after which one is taken for gone.
-- Returns those that live, this one included.
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
return redis.call('ZRANGE', KEYS[1], 0, -1)

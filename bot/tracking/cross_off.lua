-- Takes an entry off a list by time, or puts it off, unless its time was set anew since it was read.
-- KEYS: list. ARGV: id, the score that was read or set, its new score or '' to take it off. Returns 1 when it did.
local stands = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not stands or tonumber(stands) ~= tonumber(ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1

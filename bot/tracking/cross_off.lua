-- Takes a registration off the list of those with something to tell, or puts it off, unless something came meanwhile.
-- KEYS: list. ARGV: id, the score that was claimed for it, its new score or '' to take it off. Returns 1 when it did.
local claimed = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not claimed or tonumber(claimed) ~= tonumber(ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1

-- Takes entries off a list by time, or puts them off, unless their time was set anew since it was read.
-- KEYS: list. ARGV: for each its id, the score that was read or set, and its new score or '' to take it off. Returns for
-- how many it did.
local done = 0
for n = 1, #ARGV, 3 do
  local stands = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if stands and tonumber(stands) == tonumber(ARGV[n + 1]) then
    if ARGV[n + 2] == '' then
      redis.call('ZREM', KEYS[1], ARGV[n])
    else
      redis.call('ZADD', KEYS[1], ARGV[n + 2], ARGV[n])
    end
    done = done + 1
  end
end
return done

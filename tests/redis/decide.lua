-- KEYS: decisions (hash), timeline (list).  ARGV: person, verdict.  Returns the number of decisions, or 0 if already decided.
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  return 0
end
redis.call('RPUSH', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])
return redis.call('HLEN', KEYS[1])

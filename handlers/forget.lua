-- Forgets an act that was carried out, and gives back the lease under which that was done, if it is still the holder's.
-- KEYS: acts, lease. ARGV: id, holder. Returns 1.
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[2] then
  redis.call('DEL', KEYS[2])
end
return 1

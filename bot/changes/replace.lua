-- Replaces a value that is still the one that was read, and keeps that the delivery is known which asked for it.
-- KEYS: value, and where there is a delivery, its mark. ARGV: what was read, what it becomes, seconds to keep it,
-- seconds to keep the mark. Returns 1 when done, 0 when somebody else has replaced or removed it meanwhile, -1 when the
-- mark stands: this was done before.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if KEYS[2] and not redis.call('SET', KEYS[2], 'done', 'NX', 'EX', ARGV[4]) then
  return -1
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1

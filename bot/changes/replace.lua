-- Replaces a value that is still the one that was read. KEYS: value. ARGV: what was read, what it becomes, seconds to
-- keep it. Returns 1 when done, 0 when somebody else has replaced or removed it meanwhile.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1

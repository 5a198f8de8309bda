-- A look at a registration of which nobody has to hear.
-- KEYS: doc. ARGV: version that the look is based on, then field/value pairs. Returns 1, or 0 when it moved.
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, unpack(ARGV, 2))
return 1

-- KEYS: doc, timeline. ARGV: timeline entry, then field/value pairs of the document.
-- Returns 1 when the change was created, 0 when it was there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1

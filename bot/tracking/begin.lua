-- Starts to follow a registration, or renames one that is followed already: a look that was recorded stays.
-- KEYS: doc. ARGV: change number or '', title, then field/value pairs of a new document. Returns 1 when it is new.
if redis.call('HEXISTS', KEYS[1], 'kind') == 1 then
  redis.call('HSET', KEYS[1], 'change', ARGV[1], 'title', ARGV[2])
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
return 1

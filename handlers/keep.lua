-- Writes down what a person did, that its delivery is known, and who carries it out: all of it, or nothing.
-- KEYS: acts, lease, and where copies of the delivery can be told, its mark. ARGV: id, act, holder of the lease, its
-- time in ms, how many seconds the mark is kept. Returns 1 when written, 0 when the mark stands.
if KEYS[3] and not redis.call('SET', KEYS[3], 'done', 'NX', 'EX', ARGV[5]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1

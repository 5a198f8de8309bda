-- Keeps a draft, and that the delivery is known which asked for it. KEYS: draft, mark. ARGV: draft, seconds to keep it,
-- seconds to keep the mark. Returns 1 when kept, 0 when the mark stands: this was done before.
if not redis.call('SET', KEYS[2], 'done', 'NX', 'EX', ARGV[3]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1

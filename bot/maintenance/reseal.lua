-- Puts another value in the place of one that is still what was read. KEYS: any key. ARGV: what kind of place, where in
-- the key, what was read, what it becomes. Returns 1, or 0 when somebody has changed it meanwhile.
local kind, at, was, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if kind == 'string' then
  if redis.call('GET', KEYS[1]) ~= was then return 0 end
  redis.call('SET', KEYS[1], now, 'KEEPTTL')
elseif kind == 'hash' then
  if redis.call('HGET', KEYS[1], at) ~= was then return 0 end
  redis.call('HSET', KEYS[1], at, now)
elseif kind == 'list' then
  if redis.call('LINDEX', KEYS[1], at) ~= was then return 0 end
  redis.call('LSET', KEYS[1], at, now)
end
return 1

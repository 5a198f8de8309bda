-- Puts a row of the portfolio where it belongs now, in all its sets at once, or takes it off.
-- KEYS: rows, order, then for each set that it is or was in: the set, and the choices of which the set is one.
-- ARGV: id, the row as it was read ('' when there was none), the row as it is to be ('' to take it off), its score, then
-- for each set: 1 when it is in it now, what is chosen by it, a label, 1 when that label replaces the one that stands.
-- Returns 1, or 0 when the row is not what was read.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
local at = 5
for i = 3, #KEYS, 2 do
  if ARGV[at] == '1' then
    redis.call('ZADD', KEYS[i], ARGV[4], ARGV[1])
    redis.call(ARGV[at + 3] == '1' and 'HSET' or 'HSETNX', KEYS[i + 1], ARGV[at + 1], ARGV[at + 2])
  else
    redis.call('ZREM', KEYS[i], ARGV[1])
    if redis.call('EXISTS', KEYS[i]) == 0 then
      redis.call('HDEL', KEYS[i + 1], ARGV[at + 1])
    end
  end
  at = at + 4
end
return 1

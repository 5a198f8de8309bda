-- Writes down what was told to us, unless too much waits already.
-- KEYS: journal, its size. ARGV: how many bytes may wait, what was told (sealed). Returns 1, or 0 where too much waits.
local size = tonumber(redis.call('GET', KEYS[2]) or 0)
if size >= tonumber(ARGV[1]) then
  return 0
end
redis.call('XADD', KEYS[1], '*', 'told', ARGV[2])
redis.call('SET', KEYS[2], size + #ARGV[2])
return 1

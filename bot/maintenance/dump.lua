-- Takes keys of one slot as they are in one moment. KEYS: any. Returns for each its serialised value (false when it is
-- gone) and when it expires (milliseconds of the server's clock from now, -1 for never).
local answer = {}
for i, key in ipairs(KEYS) do
  answer[2 * i - 1] = redis.call('DUMP', key)
  answer[2 * i] = redis.call('PTTL', key)
end
return answer

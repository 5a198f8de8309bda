-- Rewrites a change that is settled, unless anything has happened to it since it was read; the timeline keeps its
-- length, as the audit counts its entries. KEYS: doc, decisions, steps, timeline. ARGV: version that was read, number
-- of fields of the document, those as field/value pairs, number of decisions, those as pairs, number of steps, those as
-- pairs, then every entry of the timeline. Returns 1 when done, else 0.
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
local at = 2
for i = 1, 3 do
  local count = tonumber(ARGV[at])
  if i == 2 then redis.call('DEL', KEYS[2]) end
  for pair = 1, count do
    redis.call('HSET', KEYS[i], ARGV[at + 2 * pair - 1], ARGV[at + 2 * pair])
  end
  at = at + 1 + 2 * count
end
if redis.call('LLEN', KEYS[4]) ~= #ARGV - at + 1 then return redis.error_reply('the timeline has another length') end
for i = at, #ARGV do
  redis.call('LSET', KEYS[4], i - at, ARGV[i])
end
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1

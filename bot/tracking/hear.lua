-- Takes up what an event said: into the log of events, and into the document where nothing later was said of it.
-- KEYS: doc, events. ARGV: name, fact (JSON, the same each time), its time, its event's id, how many events are kept,
-- then field/value pairs of the document that hold if it is the latest. Returns 'unknown' when nobody follows this,
-- 'known' when it was here already, 'older' when something later was said, 'latest' otherwise.
if redis.call('HEXISTS', KEYS[1], 'kind') == 0 then
  return 'unknown'
end
if redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[2]) == 0 then
  return 'known'
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[5] - 1)
local before = redis.call('HGET', KEYS[1], 'heard:' .. ARGV[1])
if before then
  local last = cjson.decode(before)
  if last.at > tonumber(ARGV[3]) or (last.at == tonumber(ARGV[3]) and last.event > ARGV[4]) then
    return 'older'
  end
end
redis.call('HSET', KEYS[1], 'heard:' .. ARGV[1], ARGV[2], unpack(ARGV, 6))
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 'latest'

-- One look at a registration: snapshot, transition and announcements together, or nothing.
-- KEYS: doc, transitions, outbox. ARGV: version that the look is based on, transition (JSON) or '',
-- number of announcements, their id/JSON pairs, then field/value pairs of the document. Returns 1, or 0 when it moved.
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then
  return 0
end
local rows = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, unpack(ARGV, 4 + 2 * rows))
if ARGV[2] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[2])
end
if rows > 0 then
  redis.call('HSET', KEYS[3], unpack(ARGV, 4, 3 + 2 * rows))
end
return 1

-- One look at a registration: snapshot, transitions and announcements together, or nothing.
-- KEYS: doc, transitions, outbox. ARGV: version that the look is based on, number of transitions, those (JSON), number
-- of announcements, their id/JSON pairs, then field/value pairs of the document. Returns 1, or 0 when it moved.
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then
  return 0
end
local moves = tonumber(ARGV[2])
local rows = tonumber(ARGV[3 + moves])
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, unpack(ARGV, 4 + moves + 2 * rows))
if moves > 0 then
  redis.call('RPUSH', KEYS[2], unpack(ARGV, 3, 2 + moves))
end
if rows > 0 then
  redis.call('HSET', KEYS[3], unpack(ARGV, 4 + moves, 3 + moves + 2 * rows))
end
return 1

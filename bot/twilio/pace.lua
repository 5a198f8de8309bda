-- Gives a call its place in the queue of its lane. KEYS: pace (hash: held_until, calm_at, strikes, and free:LANE).
-- ARGV: lane, ms between two calls of it, the same for a while after a hold, longest wait, longest hold, and the place
-- for which the caller has waited (0: none). Returns the wait in ms (0: go now) and the place; a wait that is longer than
-- the longest gets no place.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'held_until', 'calm_at', 'free:' .. ARGV[1])
local longest, longest_hold, place = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
-- bounded anew each time: should the clock be set back, or stand otherwise on a server that took over, nothing waits for
-- ever
local held = math.min(tonumber(known[1] or '0'), now + longest_hold)
local calm = math.min(tonumber(known[2] or '0'), now + 2 * longest_hold)
local spacing = tonumber(ARGV[2])
local free = math.min(tonumber(known[3] or '0'), now + longest_hold + longest + spacing)
if place > 0 and place >= held then
  return {0, place}
end
if now < math.max(held, calm) then
  spacing = math.max(spacing, tonumber(ARGV[3]))
end
if spacing == 0 then
  return {0, now}
end
local start = math.max(now, held, free)
if start - now > longest then
  return {start - now, 0}
end
redis.call('HSET', KEYS[1], 'free:' .. ARGV[1], start + spacing)
redis.call('PEXPIRE', KEYS[1], 3 * longest_hold)
return {start - now, start}

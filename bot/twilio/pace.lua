-- Gives a call its place in the queue of its lane. KEYS: pace (hash: held_until, calm_at, strikes, holds, free:LANE).
-- ARGV: lane, ms between two calls of it, the same at the end of a hold, longest wait, longest hold, and for a caller
-- that has waited for its place how many holds there had been when it got that, else -1.
-- Returns the wait in ms (0: go now), how many holds there have been, and 1 if nothing keeps calls of this lane apart just
-- now, else 0; a wait above the longest comes without a place.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'held_until', 'calm_at', 'free:' .. ARGV[1], 'holds')
local longest, longest_hold, holds = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(known[4] or '0')
if tonumber(ARGV[6]) == holds then
  return {0, holds, 0}
end
-- bounded anew each time: should the clock of Redis be set back, nothing waits for ever
local held = math.min(tonumber(known[1] or '0'), now + longest_hold)
local calm = math.min(tonumber(known[2] or '0'), now + 2 * longest_hold)
local spacing, calmed = tonumber(ARGV[2]), now >= math.max(held, calm)
if calmed and spacing == 0 then
  return {0, holds, 1}
end
local free = math.min(tonumber(known[3] or '0'), now + longest_hold + longest + math.max(spacing, tonumber(ARGV[3])))
local start = math.max(now, held, free)
if not calmed then
  -- far apart at first and ever closer, down to a twentieth of it
  local left = math.max(0.05, (calm - start) / math.max(1, calm - held))
  spacing = math.max(spacing, math.ceil(ARGV[3] * math.min(1, left)))
end
if start - now <= longest then
  redis.call('HSET', KEYS[1], 'free:' .. ARGV[1], start + spacing)
  redis.call('PEXPIRE', KEYS[1], 3 * longest_hold)
end
return {start - now, holds, 0}

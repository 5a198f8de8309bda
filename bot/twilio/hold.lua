-- Holds an account, for everybody, after Twilio has refused a call of it as one too many. KEYS: pace (see pace.lua).
-- ARGV: ms that Twilio asks for ('' when it does not say), then in ms: the first pause when it does not say, the longest
-- of those, the longest hold, and how long calls are spread after it at least; then each lane and the ms between two
-- calls of it. Returns the ms for which it is held.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'held_until', 'calm_at', 'strikes', 'holds')
local longest_hold = tonumber(ARGV[4])
local held = math.min(tonumber(known[1] or '0'), now + longest_hold)
local calm = math.min(tonumber(known[2] or '0'), now + 2 * longest_hold)
local strikes = now < calm and tonumber(known[3] or '0') or 0
local pause = 0
if ARGV[1] ~= '' then
  pause = tonumber(ARGV[1])
elseif now >= held then
  -- of many calls that were under way together each is refused: that counts once
  strikes = strikes + 1
  pause = math.min(ARGV[2] * 2 ^ (strikes - 1), tonumber(ARGV[3]))
end
pause = math.floor(math.min(pause, longest_hold))
local holds = tonumber(known[4] or '0')
if now + pause > held then
  -- voids the places that calls wait for: they ask anew, and do not queue behind their own void places
  held, holds = now + pause, holds + 1
  for lane = 6, #ARGV, 2 do
    local free = redis.call('HGET', KEYS[1], 'free:' .. ARGV[lane])
    if free and tonumber(free) > now + ARGV[lane + 1] then
      redis.call('HSET', KEYS[1], 'free:' .. ARGV[lane], now + ARGV[lane + 1])
    end
  end
end
calm = math.max(calm, held + math.max(pause, tonumber(ARGV[5])))
redis.call('HSET', KEYS[1], 'held_until', held, 'calm_at', calm, 'strikes', strikes, 'holds', holds)
redis.call('PEXPIRE', KEYS[1], 3 * longest_hold)
return held - now

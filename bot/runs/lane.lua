-- Reserves the next free moment of a lane. KEYS: lane. ARGV: spacing in ms. Returns the wait in ms (0: go now).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local start = math.max(now, free)
redis.call('SET', KEYS[1], start + ARGV[1], 'PX', start - now + ARGV[1] + 1000)
return start - now

-- Takes or renews the right to run a change. KEYS: doc. ARGV: holder, lease in ms, fence to renew or ''.
-- Returns the fencing token (a growing number), or 0 when another holder's lease is alive or the state does not run.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local doc = redis.call('HMGET', KEYS[1], 'state', 'holder', 'lease_until', 'fence')
local fence = tonumber(doc[4] or '0')
if ARGV[3] ~= '' then
  if fence ~= tonumber(ARGV[3]) then return 0 end
  redis.call('HSET', KEYS[1], 'lease_until', now + ARGV[2])
  return fence
end
if doc[1] ~= 'approved' and doc[1] ~= 'running' and doc[1] ~= 'waiting' then return 0 end
if doc[2] and tonumber(doc[3] or '0') > now then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'lease_until', now + ARGV[2], 'fence', fence + 1)
return fence + 1

-- Gives a run's lease back, so that the next worker need not wait for it to end. KEYS: doc. ARGV: fence, and for how
-- many ms nobody shall take it: a sweep that starts what is open must not cut short the pause that Twilio asked for.
if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'lease_until', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
end
return 1

-- Ends the review of a change that ran without its approvals. KEYS: doc, timeline. ARGV: timeline entry.
-- Returns 1 when done, 0 when it was ended already or never needed.
if redis.call('HGET', KEYS[1], 'review') ~= 'open' then
  return 0
end
redis.call('HSET', KEYS[1], 'review', 'signed')
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1

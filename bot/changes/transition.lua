-- A change of state, conditional on the state (and, for a run, on the fencing token) that the caller believes in.
-- KEYS: doc, timeline, then keys that are deleted with it. ARGV: expected states (comma separated), new state,
-- fence or '', version that was seen or '', timeline entry or '', then field/value pairs. Returns 1 when done, 0 when the change is elsewhere by now.
local state = redis.call('HGET', KEYS[1], 'state')
if not state or not string.find(',' .. ARGV[1] .. ',', ',' .. state .. ',', 1, true) then
  return 0
end
-- a worker that lost its lease must not move the change: another one owns the run by now
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'fence') ~= ARGV[3] then
  return 0
end
if ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[4] then
  return 0
end
redis.call('HSET', KEYS[1], 'state', ARGV[2], unpack(ARGV, 6))
redis.call('HINCRBY', KEYS[1], 'version', 1)
for i = 3, #KEYS do
  redis.call('DEL', KEYS[i])
end
if ARGV[5] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[5])
end
return 1

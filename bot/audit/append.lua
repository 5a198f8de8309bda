-- Appends rows if nobody else did meanwhile. KEYS: log, head, copied, and for an act the key by which it is known.
-- ARGV: the head that was read ('' for none), the new head, change number or '', how many entries of its timeline were
-- copied and how many are now, seconds to remember the act, number of the first row, then the rows.
-- Returns {'done'}, {'moved'} when somebody else was faster, {'noted'} when the act stands there already, or
-- {'broken', why} when the log does not take the rows: it goes on further than its head says.
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return {'moved'} end
if ARGV[3] ~= '' and (redis.call('HGET', KEYS[3], ARGV[3]) or '0') ~= ARGV[4] then return {'moved'} end
if KEYS[4] and redis.call('EXISTS', KEYS[4]) == 1 then return {'noted'} end

local first = tonumber(ARGV[7])
for i = 8, #ARGV do
  local id = string.format('%d-0', first + i - 8)
  if i == 8 then
    -- before anything is written: after it the ids grow, so that the others cannot be refused
    local answer = redis.pcall('XADD', KEYS[1], id, 'row', ARGV[i])
    if type(answer) == 'table' and answer.err then return {'broken', answer.err} end
  else
    redis.call('XADD', KEYS[1], id, 'row', ARGV[i])
  end
end
redis.call('SET', KEYS[2], ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[3], ARGV[3], ARGV[5]) end
if KEYS[4] then redis.call('SET', KEYS[4], '1', 'EX', ARGV[6]) end
return {'done'}

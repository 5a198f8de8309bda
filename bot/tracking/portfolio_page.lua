-- A page of the portfolio: what is in all of some sets, the highest score first.
-- KEYS: rows, then the sets, at least one. ARGV: how many to pass over, how many at most.
-- Returns how many there are in all, then the rows (JSON) of the page.
local offset, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local total, ids = 0, {}
if #KEYS == 2 then
  total = redis.call('ZCARD', KEYS[2])
  ids = redis.call('ZREVRANGE', KEYS[2], offset, offset + size - 1)
else
  local asked = {'ZINTER', #KEYS - 1}
  for i = 2, #KEYS do
    asked[#asked + 1] = KEYS[i]
  end
  asked[#asked + 1] = 'AGGREGATE'
  asked[#asked + 1] = 'MAX' -- an id has one score in all sets
  local all = redis.call(unpack(asked))
  total = #all
  for i = total - offset, math.max(total - offset - size + 1, 1), -1 do
    ids[#ids + 1] = all[i]
  end
end
local answer = {total}
if #ids > 0 then
  for _, row in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
    if row then
      answer[#answer + 1] = row
    end
  end
end
return answer

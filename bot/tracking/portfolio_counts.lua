-- How many of what is in all of some sets is in each of others.
-- KEYS: the sets that all must be in, then the sets to count. ARGV: how many are of the first kind. Returns the counts.
local given = tonumber(ARGV[1])
local counts = {}
for i = given + 1, #KEYS do
  if given == 0 then
    counts[#counts + 1] = redis.call('ZCARD', KEYS[i])
  else
    local asked = {'ZINTER', given + 1, KEYS[i]}
    for j = 1, given do
      asked[#asked + 1] = KEYS[j]
    end
    counts[#counts + 1] = #redis.call(unpack(asked))
  end
end
return counts

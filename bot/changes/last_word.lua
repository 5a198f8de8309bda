-- Takes somebody's word on one thing, unless a later one stands. KEYS: hash. ARGV: field, time of the word, its act,
-- what it says (sealed, or '' when it takes back what stood), and the latest time of what it may take the place of, or ''.
-- A field holds `time|act|what it says`. Returns 'said'; 'stands' when it was said by this very act before; 'later'
-- when another word is newer; 'nothing' when there is nothing to take back.
local raw = redis.call('HGET', KEYS[1], ARGV[1])
local at, act, said = string.match(raw or '', '^([^|]*)|([^|]*)|(.*)$')
at = tonumber(at or '0') or 0
if raw and ARGV[3] ~= '' and act == ARGV[3] then return 'stands' end
if at > tonumber(ARGV[2]) then return 'later' end
if ARGV[4] == '' then
  if not raw or said == '' then return 'nothing' end
  if ARGV[5] ~= '' and at > tonumber(ARGV[5]) then return 'later' end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '|' .. ARGV[3] .. '|' .. ARGV[4])
return 'said'

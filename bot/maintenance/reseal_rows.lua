-- Puts a copy of a stream in its place if nothing was added to it, or taken from it, since the copy was made.
-- KEYS: the stream, its copy. ARGV: how many entries the copy was made of, id of the last one. Returns 1 or 0.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[1]) or (last and last[1] or '') ~= ARGV[2] then return 0 end
if redis.call('XLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('RENAME', KEYS[2], KEYS[1])
return 1

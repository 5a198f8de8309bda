-- Takes entries off the journal. KEYS: journal, its size. ARGV: id and bytes of each.
local freed = 0
for n = 1, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[n]) == 1 then
    freed = freed + ARGV[n + 1]
  end
end
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('UNLINK', KEYS[1], KEYS[2])
else
  redis.call('DECRBY', KEYS[2], freed)
end

-- Removes the oldest rows and says from where the log begins now, both or nothing. KEYS: log, base. ARGV: the base that
-- was read ('' for none), the new base, id of the first row that stays. Returns 1, or 0 when somebody else was faster.
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3])
return 1

-- One person's decision, and the quorum it may complete, in one step that nothing can come between.
-- KEYS: doc, decisions, timeline. ARGV: user, verb, digest, now, decision (JSON), groups spoken for (JSON), timeline
-- entry for a decision that leaves the change pending, and for one that moves it.
-- Returns {outcome, state}; outcomes are listed in bot/changes/store.py.
local doc = redis.call('HMGET', KEYS[1], 'state', 'digest', 'requester', 'expires_at', 'requirement')
local state, digest, requester, expires_at = doc[1], doc[2], doc[3], tonumber(doc[4] or '0')
if not state then return {'missing', ''} end
if state ~= 'pending' then return {'settled', state} end
if tonumber(ARGV[4]) >= expires_at then return {'expired', state} end
if digest ~= ARGV[3] then return {'outdated', state} end
local requirement = cjson.decode(doc[5])
local breaks_glass = ARGV[2] == 'break_glass'
if requester == ARGV[1] and not requirement.self_approval and not breaks_glass then return {'own', state} end
if breaks_glass then
  -- a rule that came into force in this moment may deny it: that is no missing approval
  for _, need in ipairs(requirement.groups) do
    if need.group == '' then return {'denied', state} end
  end
end
-- a person may decide once on each plan, and on each part of it that is approved on its own
local field = ARGV[1] .. ':' .. (breaks_glass and 'glass:' or '') .. string.sub(digest, 1, 16)
if redis.call('HEXISTS', KEYS[2], field) == 1 then return {'already', state} end
local groups = cjson.decode(ARGV[6])
if #groups == 0 and not breaks_glass then return {'ineligible', state} end

redis.call('HSET', KEYS[2], field, ARGV[5])
redis.call('HINCRBY', KEYS[1], 'version', 1)

if ARGV[2] == 'reject' then
  redis.call('HSET', KEYS[1], 'state', 'rejected')
  redis.call('RPUSH', KEYS[3], ARGV[8])
  return {'recorded', 'rejected'}
end

if breaks_glass then
  redis.call('HSET', KEYS[1], 'state', 'approved', 'review', 'open')
  redis.call('RPUSH', KEYS[3], ARGV[8])
  return {'recorded', 'approved'}
end

local counted, taken = {}, {}
for _, raw in ipairs(redis.call('HVALS', KEYS[2])) do
  local decision = cjson.decode(raw)
  -- a word on another plan is no word on this one, even if it was left behind
  if decision.verb == 'approve' and decision.digest == digest then
    for _, group in ipairs(decision.groups) do
      -- whoever stands in for an absent member takes that one's seat: it counts once, also when both decide
      local sitting = (decision.seats or {})[group] or decision.user
      local seat = group .. ':' .. sitting
      -- a requester's own approval, given while the policy let it, counts no more once it does not
      local own = decision.user == requester or sitting == requester
      if not taken[seat] and (requirement.self_approval or not own) then
        taken[seat] = true
        counted[group] = (counted[group] or 0) + 1
      end
    end
  end
end
for _, need in ipairs(requirement.groups) do
  if (counted[need.group] or 0) < need.need then
    redis.call('RPUSH', KEYS[3], ARGV[7])
    return {'recorded', 'pending'}
  end
end
redis.call('HSET', KEYS[1], 'state', 'approved')
redis.call('RPUSH', KEYS[3], ARGV[8])
return {'recorded', 'approved'}

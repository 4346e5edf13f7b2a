-- Spends the use of a lease. Returns 1; 0 when the lease is gone; 2 when it is read too late, after a stop of this server or
-- of the network, and nobody waits for it any more: what is not delivered is not charged.
-- Which lease was spent is remembered for as long as withdraw.lua may ask: in the string of KEYS[1], or, with the server's
-- time, in the sorted set KEYS[2].
local key, commits, lease = KEYS[1], KEYS[2], ARGV[1]
local now, forget_after = tonumber(ARGV[2]), tonumber(ARGV[3])
local longest_life, deadline, remembered = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
if seconds * 1000000 + tonumber(clock[2]) > deadline then
    return 2
end

if redis.call('TYPE', key).ok == 'string' then
    local value = redis.call('GET', key)
    if #value == 16 or string.sub(value, 1, 16) ~= lease then
        return 0
    end
    -- Only the claim has touched this key, so that its time to live is not one that somebody else needs.
    local life = math.max(forget_after - math.min(now, seconds), 1)
    if life > longest_life then
        redis.call('SET', key, lease)
    else
        redis.call('SET', key, lease, 'EX', string.format('%.0f', life))
    end
    return 1
end

if redis.call('HEXISTS', key, lease) == 0 then
    return 0
end
-- Remembered before it is spent: a server that refuses a command does not take back those before it.
redis.call('ZREMRANGEBYSCORE', commits, '-inf', seconds - remembered)
redis.call('ZADD', commits, seconds, lease)
redis.call('EXPIRE', commits, remembered)
redis.call('HINCRBY', key, 'spent', 1)
redis.call('HDEL', key, lease)
return 1

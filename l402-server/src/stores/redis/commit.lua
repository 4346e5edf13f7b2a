-- Spends the use of a lease. Returns 1; 0 when the lease is gone; 2 when it is read too late, after a stop of this server or
-- of the network, and nobody waits for it any more: what is not delivered is not charged.
local key, lease = KEYS[1], ARGV[1]
local now, forget_after = tonumber(ARGV[2]), tonumber(ARGV[3])
local longest_life, deadline = tonumber(ARGV[4]), tonumber(ARGV[5])

local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
if seconds * 1000000 + tonumber(clock[2]) > deadline then
    return 2
end

if redis.call('TYPE', key).ok == 'string' then
    if string.sub(redis.call('GET', key), 1, 16) ~= lease then
        return 0
    end
    -- Only the claim has touched this key, so that its time to live is not one that somebody else needs.
    local life = math.max(forget_after - math.min(now, seconds), 1)
    if life > longest_life then
        redis.call('SET', key, 1)
    else
        redis.call('SET', key, 1, 'EX', string.format('%.0f', life))
    end
    return 1
end

if redis.call('HEXISTS', key, lease) == 0 then
    return 0
end
redis.call('HINCRBY', key, 'spent', 1)
redis.call('HDEL', key, lease)
return 1

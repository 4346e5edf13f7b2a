-- Spends the use of a lease. Returns 1, or 0 when the lease is gone.
local key, lease = KEYS[1], ARGV[1]
local CENTURY = 3153600000

if redis.call('TYPE', key).ok == 'string' then
    if string.sub(redis.call('GET', key), 1, 16) ~= lease then
        return 0
    end
    -- Only the claim has touched this key, so that its time to live is not one that somebody else needs.
    local now, forget_after = tonumber(ARGV[2]), tonumber(ARGV[3])
    local life = math.max(forget_after - math.min(now, tonumber(redis.call('TIME')[1])), 1)
    if life > CENTURY then
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

-- Spends the use of a lease. Returns 1, or 0 when the lease is gone.
local key, lease = KEYS[1], ARGV[1]
if redis.call('HEXISTS', key, lease) == 0 then
    return 0
end
redis.call('HINCRBY', key, 'spent', 1)
redis.call('HDEL', key, lease)
return 1

-- Gives the use of a lease back, unless it is spent. A token without leases and spent uses is forgotten: its hash has no
-- field left.
local key, lease = KEYS[1], ARGV[1]
if redis.call('TYPE', key).ok ~= 'string' then
    redis.call('HDEL', key, lease)
else
    local value = redis.call('GET', key)
    if #value > 16 and string.sub(value, 1, 16) == lease then
        redis.call('DEL', key)
    end
end
return 0

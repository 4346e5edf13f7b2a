-- Gives the use of a lease back. A token without leases and spent uses is forgotten: its hash has no field left.
local key, lease = KEYS[1], ARGV[1]
if redis.call('TYPE', key).ok ~= 'string' then
    redis.call('HDEL', key, lease)
elseif string.sub(redis.call('GET', key), 1, 16) == lease then
    redis.call('DEL', key)
end
return 0

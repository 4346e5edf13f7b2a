-- Undoes a commit that nobody has heard of, whether it was made or not: the use is given back either way, and the commit is
-- not made any more should it come later than this.
local key, commits, lease = KEYS[1], KEYS[2], ARGV[1]
if redis.call('TYPE', key).ok == 'string' then
    if string.sub(redis.call('GET', key), 1, 16) == lease then
        redis.call('DEL', key)
    end
elseif redis.call('HDEL', key, lease) == 0 and redis.call('ZREM', commits, lease) == 1 then
    if redis.call('HINCRBY', key, 'spent', -1) <= 0 then
        redis.call('HDEL', key, 'spent')
    end
end
return 0

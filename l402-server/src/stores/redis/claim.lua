-- Takes one use. KEYS[1] is a hash: how many uses are `spent`, and for every lease when it ends. Or it is a string, as
-- commands.rs and commit.lua write it: the lease and its end, or the lease alone when that is spent. A string is made a hash
-- here when it can no longer say what there is to say. KEYS[2] is what commit.lua remembers.
-- Returns 0 when granted, 1 when busy, 2 when exhausted.
local key, commits, lease = KEYS[1], KEYS[2], ARGV[1]
local uses, now = tonumber(ARGV[2]), tonumber(ARGV[3])
local leased_until, forget_after = tonumber(ARGV[4]), tonumber(ARGV[5])
local longest_life, remembered = tonumber(ARGV[6]), ARGV[7]

local kind = redis.call('TYPE', key).ok
local clock = tonumber(redis.call('TIME')[1])

-- Lets the key live until `time` at least, by the caller's clock or by ours, whichever is behind.
local function keep_until(time)
    local life = math.max(time - math.min(now, clock), 1)
    local left = kind ~= 'none' and redis.call('PTTL', key) or 0
    if left == -1 then
        return -- for ever
    elseif life > longest_life then
        redis.call('PERSIST', key)
    elseif life * 1000 > left then
        redis.call('EXPIRE', key, string.format('%.0f', life))
    end
end

if kind == 'string' then
    local value, left = redis.call('GET', key), redis.call('PTTL', key)
    local leased, ends = string.sub(value, 1, 16), string.sub(value, 17)
    if ends == '' and uses == 1 then
        keep_until(forget_after)
        return 2
    end
    redis.call('DEL', key)
    if ends == '' then
        redis.call('HSET', key, 'spent', 1)
        redis.call('ZADD', commits, clock, leased)
        redis.call('EXPIRE', commits, remembered)
    else
        redis.call('HSET', key, leased, ends)
    end
    if left ~= -1 then
        redis.call('PEXPIRE', key, math.max(left, 1))
    end
end

local spent = tonumber(redis.call('HGET', key, 'spent') or '0')
if spent >= uses then
    keep_until(forget_after)
    return 2
end

-- A lease that has ended stays as long as nobody needs its use, so that a late commit counts.
local leases = redis.call('HLEN', key) - (spent > 0 and 1 or 0)
local ended = {}
if spent + leases >= uses then
    local fields = redis.call('HGETALL', key)
    for i = 1, #fields, 2 do
        if fields[i] ~= 'spent' and tonumber(fields[i + 1]) <= now then
            ended[#ended + 1] = fields[i]
        end
    end
    if spent + leases - #ended >= uses then
        keep_until(forget_after)
        return 1
    end
end

-- First the new lease, then the old ones: a hash without fields would be gone, and its time to live with it.
redis.call('HSET', key, lease, ARGV[4])
for _, field in ipairs(ended) do
    redis.call('HDEL', key, field)
end
keep_until(math.max(forget_after, leased_until))
return 0

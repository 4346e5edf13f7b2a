-- Gives the use of a lease back. A token without leases and spent uses is forgotten: its hash has no field left.
redis.call('HDEL', KEYS[1], ARGV[1])
return 0

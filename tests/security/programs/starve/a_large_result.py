# Returns more than it may.
# ends: error ResultLimit
return bytes(10_000_000)

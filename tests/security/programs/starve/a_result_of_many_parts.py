# Returns a result of more members than anybody counts.
# ends: error ResultLimit or error MemoryError or timeout
return [[]] * 5_000_000

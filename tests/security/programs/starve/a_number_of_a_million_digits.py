# Returns a number that takes long to write out.
# ends: completed or error or timeout
return 10 ** 1_000_000

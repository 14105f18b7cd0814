# Returns a number that takes long to write out.
# ends: error ValueNotPortable
return 10 ** 1_000_000

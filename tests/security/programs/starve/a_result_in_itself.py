# Returns a list that holds itself.
# ends: error ValueNotPortable
loop = []
loop.append(loop)
return loop

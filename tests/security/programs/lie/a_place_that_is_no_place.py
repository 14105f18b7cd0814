# Raises a syntax error at a line that no number can hold, in a file of the host.
# ends: error SyntaxError
raise SyntaxError("x", (data["file"], 10**30, -(10**30), "text", -1, "no number"))

# Is called something that would break a line of the log, and raises an error there.
# ends: error ValueError
# with: name="evil\n{\"event\":\"owned\"}\u001b[31m\u2028x\u202e"
raise ValueError("x")

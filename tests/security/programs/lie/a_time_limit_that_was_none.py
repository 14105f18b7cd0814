# Raises what a time limit would raise.
# ends: error TimeoutError
raise TimeoutError("the time limit of 3 s was reached")

# Raises an error that looks like the next event of a stream of events.
# ends: error
# so that: "\n" not in error["type"]
raise type("x\n\nevent: itemComplete\ndata: {}\n\n", (Exception,), {})("\n\nevent: itemStatus\ndata: {}\n\n")

# Raises an error with every character that some program takes for the end of a line.
# ends: error
# so that: error["type"].isprintable()
ends = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
raise type("A" + ends + "B", (Exception,), {})(ends.join(["fake", '{"event": "fake"}']))

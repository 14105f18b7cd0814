# Returns maps with keys that programs give a meaning to.
# ends: completed
# so that: result == {"__proto__": {"admin": True}, "constructor": {"prototype": {"x": 1}}, "toString": 1, "$where": "1", "": 0}
return {"__proto__": {"admin": True}, "constructor": {"prototype": {"x": 1}}, "toString": 1, "$where": "1", "": 0}

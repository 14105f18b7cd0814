table = {"a": 1}


def look_up(key):
    value = table[key]
    return value


print("before")
look_up("a")
look_up("b")
print("never")
result = None

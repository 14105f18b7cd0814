# Runs bytecode that begins with any instruction, and loads constants from far outside their tuple.
# for each: range(0, 256, 6)
# ends: completed or error GuestCrashed or error SystemError or error RecursionError or timeout TimeoutError


def template():
    return 1


wild = bytes([82, 255, 100, 255, 116, 255, 35, 0]) * 50
try:
    exec(template.__code__.replace(co_code=bytes([data["each"], 255]) * 20 + wild, co_stacksize=1, co_consts=()))
except Exception:
    pass  # what CPython makes of it may be any error

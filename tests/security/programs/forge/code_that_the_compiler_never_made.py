# Runs bytecode that loads constants from far outside their tuple.
# ends: error GuestCrashed


def template():
    return 1


wild = bytes([82, 255, 100, 255, 116, 255, 35, 0]) * 50
for start in range(0, 256, 2):
    code = template.__code__.replace(co_code=bytes([start, 255]) * 20 + wild, co_stacksize=1, co_consts=())
    exec(code)

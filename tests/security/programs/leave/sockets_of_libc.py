# Calls libc's socket functions, on new descriptors and on those that are there.
# ends: completed
# so that: result["socket"] == [-1, -1, -1] and set(result["others"]) == {-1}
import ctypes

lib = ctypes.CDLL(None)
address = (2).to_bytes(2, "little") + data["port"].to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
answers = []
for descriptor in (0, 1, 2, 3):
    answers += [lib.connect(descriptor, address, 16), lib.bind(descriptor, address, 16), lib.listen(descriptor, 1)]
    answers += [lib.accept(descriptor, 0, 0), lib.sendto(descriptor, b"x", 1, 0, address, 16)]
    answers += [lib.recvfrom(descriptor, ctypes.create_string_buffer(10), 10, 0, 0, 0)]
return {"socket": [lib.socket(family, 1, 0) for family in (1, 2, 10)], "others": answers}

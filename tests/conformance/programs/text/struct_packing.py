import struct

outcomes = [struct.calcsize(f) for f in ("bhilqnP", "@bq", "=bq", "<lLqQ", "3sx2H", "0l", "P", "n")]
packed = struct.pack("<bBhHiIqQefd?3s5pc", -1, 255, -2, 65535, -3, 2**32 - 1, -(2**63), 2**64 - 1, 1.5, 0.1, 1e-300, True, b"abcd", b"pascal", b"z")
outcomes += [packed.hex(), struct.unpack("<bBhHiIqQefd?3s5pc", packed), struct.pack(">f", 3.4e38).hex(), list(struct.iter_unpack("<h", b"\x01\x00\xff\xff"))]
for action in (lambda: struct.pack("b", 128), lambda: struct.pack("<f", 1e40), lambda: struct.unpack("<i", b"abc"), lambda: struct.pack("e", 70000.0), lambda: struct.pack("i", 1.5), lambda: struct.pack("y", 1)):
    try:
        outcomes.append(action())
    except (struct.error, OverflowError) as error:
        outcomes.append(f"{type(error).__name__}: {error}")
buffer = bytearray(8)
struct.pack_into("!hh", buffer, 3, 1, -1)
result = (*outcomes, bytes(buffer), struct.unpack("!d", struct.pack("!d", float("nan")))[0] != 0)

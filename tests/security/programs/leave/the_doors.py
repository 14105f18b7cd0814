# Sends the host's doors what they were not made for: other types, nothing, gigantic and broken requests.
# ends: completed
# so that: result["doors"] == ["context", "interruption", "packages"] and result["answered"] > 20
import os

requests = [
    b"", b"\0", b"null", b"5", b"{}", b'[["x"]]', b"[" * 100_000, b"\xff" * 1000, b"\xdd\xff\xff\xff\xff",
    b"\x81\xa2op\xa3get", b"\xc7\xff\x00", b"\x91" * 100_000, b'["\\ud800"]', data["file"].encode(),
]
doors, answered = sorted(os.listdir("/dev/cellblock")), 0
for name in doors:
    for request in requests:
        try:
            door = os.open(f"/dev/cellblock/{name}", os.O_RDWR)
            os.write(door, request)
            answer = os.read(door, 100_000)
            os.lseek(door, 2**40, 0)
            os.close(door)
        except OSError:
            pass
        answered += 1
return {"doors": doors, "answered": answered}

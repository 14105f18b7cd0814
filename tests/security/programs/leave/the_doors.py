# Sends the host's doors what they were not made for: other types, nothing, gigantic and broken requests.
# ends: completed
# so that: result["doors"] == ["context", "interruption", "packages"] and result["asked"] == 42
# so that: result["answered"] == 38 and result["too large"] == 4
import errno, os

requests = [
    b"", b"\0", b"null", b"5", b"{}", b'[["x"]]', b"[" * 100_000, b"\xff" * 1000, b"\xdd\xff\xff\xff\xff",
    b"\x81\xa2op\xa3get", b"\xc7\xff\x00", b"\x91" * 100_000, b'["\\ud800"]', data["file"].encode(),
]
doors = sorted(os.listdir("/dev/cellblock"))
asked = answered = too_large = 0
for name in doors:
    for request in requests:
        door = os.open(f"/dev/cellblock/{name}", os.O_RDWR)
        asked += 1
        try:
            os.write(door, request)
            os.read(door, 100_000)
            answered += 1
            os.lseek(door, 2**40, 0)
        except OSError as error:
            too_large += error.errno == errno.EMSGSIZE
        os.close(door)
return {"doors": doors, "asked": asked, "answered": answered, "too large": too_large}

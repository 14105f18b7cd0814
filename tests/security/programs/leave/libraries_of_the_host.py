# Loads libraries of the host, and ones that it wrote itself: ELF, and a WebAssembly module that asks for everything.
# ends: completed
# so that: set(result) == {"OSError"}
import ctypes


def tried(path):
    try:
        return f"ESCAPED {ctypes.CDLL(path)}"
    except OSError as error:
        return type(error).__name__


wasm = bytes.fromhex("0061736d01000000" "000c0664796c696e6b2e3001040000000000" "01040160000002 1001 03656e76 0673797374656d 0000".replace(" ", ""))
open("evil.so", "wb").write(wasm)
open("evil_elf.so", "wb").write(b"\x7fELF" + bytes(100))
open("empty.so", "wb").close()
paths = ["/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6", "libcrypt.so.1", "/usr/lib/libm.so", data["file"], "", "/", "/dev/zero"]
paths += ["./evil.so", "/home/pyodide/evil.so", "/home/pyodide/evil_elf.so", "/home/pyodide/empty.so", "../../lib/libssl.so"]
return [tried(path) for path in paths if path]

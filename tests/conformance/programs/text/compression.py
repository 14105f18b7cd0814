import bz2
import gzip
import io
import lzma
import zlib

data = bytes(i * i % 251 for i in range(20000)) + b"a" * 5000
result = []
for name, module in (("zlib", zlib), ("bz2", bz2), ("lzma", lzma)):
    packed = module.compress(data)
    result.append((name, len(packed), hash(packed[-4:]) is not None, module.decompress(packed) == data))
result += [zlib.compress(b"abc" * 10, 9).hex(), gzip.compress(b"text", mtime=0).hex(), bz2.compress(b"abc").hex(), lzma.compress(b"abc", format=lzma.FORMAT_ALONE).hex()]
stream = zlib.decompressobj(-15)
raw = zlib.compressobj(wbits=-15)
body = raw.compress(b"piece " * 9) + raw.flush()
result += [stream.decompress(body, 10), stream.unconsumed_tail != b"", stream.decompress(stream.unconsumed_tail), stream.eof]
with gzip.open(io.BytesIO(gzip.compress(b"l1\nl2\n")), "rt") as lines:
    result.append(lines.readlines())
for module, bad in ((zlib, b"xx"), (bz2, b"BZh9xx"), (lzma, b"junk"), (gzip, b"\x1f\x8b\x08")):
    try:
        result.append(module.decompress(bad))
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        result.append(f"{type(error).__name__}: {error}")

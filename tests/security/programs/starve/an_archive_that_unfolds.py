# Unfolds three hundred megabytes in one piece.
# ends: error MemoryError or timeout TimeoutError
import zlib

packer = zlib.compressobj(9)
packed = b"".join(packer.compress(bytes(10**7)) for _ in range(30)) + packer.flush()
zlib.decompress(packed)

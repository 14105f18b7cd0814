from compression import zstd

data = b"zstandard " * 500
packed = zstd.compress(data, level=5)
samples = [bytes([i]) * 50 + b"common part of every sample" for i in range(200)]
info = zstd.get_frame_info(packed)
problem = None
try:
    zstd.decompress(b"garbage")
except zstd.ZstdError as error:
    problem = str(error)
result = (len(packed), zstd.decompress(packed) == data, info.decompressed_size, zstd.zstd_version, problem)

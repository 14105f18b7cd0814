import hashlib
import hmac
import zlib

data = b"The quick brown fox jumps over the lazy dog" * 50
result = {name: hashlib.new(name, data).hexdigest() for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")}
result |= {
    "shake": hashlib.shake_128(data).hexdigest(10), "keyed": hashlib.blake2b(data, key=b"k", digest_size=8, salt=b"s").hexdigest(),
    "hmac": hmac.new(b"key", data, "sha256").hexdigest(),
    "crc32": zlib.crc32(data), "adler32": zlib.adler32(data), "compare": hmac.compare_digest(b"a", b"a"), "guaranteed": sorted(hashlib.algorithms_guaranteed),
}
try:
    hashlib.new("whirlpool-2")
except ValueError as error:
    result["unknown"] = str(error)

import hashlib

result = []
for name in ("scrypt", "pbkdf2_hmac", "file_digest", "sha512_256", "ripemd160", "sm3", "md5-sha1"):
    try:
        result.append((name, hasattr(hashlib, name) or hashlib.new(name).name))
    except ValueError as error:
        result.append((name, str(error)))
result.append(sorted(hashlib.algorithms_available - hashlib.algorithms_guaranteed))

import base64
import binascii
import quopri
import uuid
from urllib.parse import parse_qs, quote, unquote, urlencode, urljoin, urlsplit

data = bytes(range(0, 256, 7))
result = [
    base64.b64encode(data), base64.urlsafe_b64encode(data), base64.b32encode(b"abc"), base64.b85encode(data[:9]), base64.a85encode(b"\0\0\0\0abc"), base64.z85encode(b"12345678"),
    base64.b16decode("FFee", casefold=True), binascii.hexlify(b"ab", "-"), binascii.crc_hqx(b"abc", 0), quopri.encodestring("é=1".encode()),
    uuid.uuid5(uuid.NAMESPACE_DNS, "example.org"), uuid.UUID(int=5).urn, uuid.uuid3(uuid.NAMESPACE_URL, "x").version,
    urlsplit("http://user:pw@host:80/p/a;t?q=1&r=%20#frag"), parse_qs("a=1&a=2&b=%C3%A9"), quote("a b/é?"), unquote("%e2%82%ac+"), urlencode({"k": ["x y", "z"]}, doseq=True), urljoin("http://a/b/c?d", "../e"),
]
for bad in (lambda: base64.b64decode("abc"), lambda: base64.b64decode("a$b=", validate=True), lambda: binascii.unhexlify("abc"), lambda: base64.b32decode("a")):
    try:
        bad()
    except ValueError as error:
        result.append(f"{type(error).__name__}: {error}")

import hashlib
import os

chunk = bytes(range(256)) * 4096
with open("large", "wb") as file:
    for _ in range(8):
        file.write(chunk)
digest = hashlib.sha256()
with open("large", "rb") as file:
    while piece := file.read(333_333):
        digest.update(piece)
with open("large", "rb") as file:
    file_digest = hashlib.file_digest(file, "md5").hexdigest()
copied = os.open("copied", os.O_RDWR | os.O_CREAT)
source = os.open("large", os.O_RDONLY)
try:
    sent = os.sendfile(copied, source, 100, 5000)
except (OSError, AttributeError) as error:
    sent = type(error).__name__
result = (os.path.getsize("large"), digest.hexdigest(), file_digest, sent)

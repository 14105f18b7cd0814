# Unpacks archives whose members climb out or are links to the host, with every check switched off.
# ends: completed
# so that: result is False
import io, os, tarfile, zipfile

packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    for name in ("../" * 20 + data["folder"].lstrip("/") + "/ESCAPED", data["folder"] + "/ESCAPED"):
        member = tarfile.TarInfo(name)
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, data["file"]
    archive.addfile(link)
packed.seek(0)
with tarfile.open(fileobj=packed) as archive:
    archive.extractall(".", filter="fully_trusted")
with zipfile.ZipFile("x.zip", "w") as archive:
    archive.writestr("../" * 20 + data["folder"].lstrip("/") + "/ESCAPED", "evil")
zipfile.ZipFile("x.zip").extractall("/")
return os.path.exists("link")

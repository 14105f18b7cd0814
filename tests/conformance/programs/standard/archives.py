import io
import os
import tarfile
import zipfile

buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(zipfile.ZipInfo("folder/é.txt", (2024, 2, 29, 1, 2, 4)), "text " * 100, zipfile.ZIP_DEFLATED)
    archive.writestr(zipfile.ZipInfo("lzma"), b"x" * 1000, zipfile.ZIP_LZMA)
    archive.writestr(zipfile.ZipInfo("bzip"), b"y" * 1000, zipfile.ZIP_BZIP2)
with zipfile.ZipFile(buffer) as archive:
    listing = [(info.filename, info.file_size, info.compress_type, info.date_time, info.CRC) for info in archive.infolist()]
    checked = archive.testzip()
    archive.extractall("unzipped")
with open("plain.txt", "w") as file:
    file.write("plain")
os.symlink("plain.txt", "link")
with tarfile.open("a.tar.xz", "w:xz") as tar:
    for name in ("plain.txt", "link", "unzipped"):
        tar.add(name)
with tarfile.open("a.tar.xz") as tar:
    members = [(member.name, member.type, member.linkname, member.size) for member in tar]
    tar.extractall("untarred", filter="data")
result = (listing, checked, sorted(members), os.path.islink("untarred/link"), open("untarred/link").read(), sorted(os.listdir("untarred/unzipped")))

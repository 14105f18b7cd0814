# Spells a path of the host so that a careless check might not see it: slashes at the end, escapes, dots of other alphabets.
# ends: completed
# so that: set(result) <= {"ENOENT", "ENOTDIR", "ValueError", "ENAMETOOLONG", "EILSEQ"}
import errno

file = data["file"]
spellings = [
    file + "/", file + "/.", file + "//", "//" + file, "///" + file, file.replace("/", "//"), file.replace("/", "/./"),
    "file://" + file, file.replace("/", "\\"), file.replace("/", "%2f"), "/%2e%2e" + file, "/\uff0e\uff0e" + file,
    "/\u2024\u2024" + file, file.replace("/", "\u2215"), file + "\0", "\0" + file, file + "\0.py", "/tmp\0/.." + file,
    b"/\xc0\xae\xc0\xae" + file.encode(), file.encode().replace(b"/", b"\xc0\xaf"), "/tmp/../" * 400 + file, "~" + file,
    "/proc/self/root" + file, "/proc/self/cwd" + file, "/proc/thread-self/root" + file, "/dev/root" + file, "/host" + file,
]


def tried(path):
    try:
        return "ESCAPED " + open(path).read()
    except OSError as error:
        return errno.errorcode[error.errno]
    except ValueError:
        return "ValueError"


return [tried(each) for each in spellings]

# Opens a file of the host by names that climb out of the tree, from every folder there is.
# ends: completed
# so that: set(result) == {"ENOENT"}
import errno

starts = ["", "/tmp", "/home/pyodide", "/lib/python3.14", "/dev/fd", "/proc/self/fd", "/dev/cellblock", "."]
climbs = ["", "/..", "/../../../../../../../..", "/./../././.."]


def tried(path):
    try:
        return "ESCAPED " + open(path).read()
    except OSError as error:
        return errno.errorcode[error.errno]


return [tried(start + climb + data["file"]) for start in starts for climb in climbs]

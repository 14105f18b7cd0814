import argparse
import configparser
import io
import plistlib
import shlex
import tomllib

config = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
config.read_string("[DEFAULT]\nroot = /srv\n[a]\npath = ${root}/x\nflag = yes\nmulti = one\n  two\n[b]\npath: ${a:path}/y\n")
out = io.StringIO()
config.write(out)
toml = tomllib.loads('title = "é"\nwhen = 2024-02-29T12:00:00Z\n[a.b]\nx = [1, 2.5, inf]\n[[t]]\nn = 1\n[[t]]\nn = 0xff\n')
parser = argparse.ArgumentParser(prog="tool", description="Does things.", color=False)
parser.add_argument("files", nargs="+")
parser.add_argument("-n", "--number", type=int, default=3, help="how many (default: %(default)s)")
print(parser.format_help())
result = [dict(config["b"]), config.getboolean("a", "flag"), out.getvalue(), toml, vars(parser.parse_args(["x", "y", "-n5"])), shlex.split("a 'b c' d\\ e \"f'g\""), shlex.join(["a b", "c"]), plistlib.loads(plistlib.dumps({"k": [1, b"x"]}))]
try:
    tomllib.loads("a = ")
except tomllib.TOMLDecodeError as error:
    result.append(str(error))

# Asks who and where it is.
# ends: completed
# so that: result["node"] == "emscripten" and result["user"] == "web_user" and result["pid"] == 42
import getpass, os, platform, socket, sys

told = {"node": platform.node(), "user": getpass.getuser(), "pid": os.getpid(), "host": socket.gethostname()}
return told | {"argv": sys.orig_argv, "executable": sys.executable, "prefix": sys.prefix, "release": platform.release()}

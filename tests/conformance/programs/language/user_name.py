import getpass
import os

os.environ["ADDED"] = "x=y"
os.putenv("OTHER", "1")
del os.environ["ADDED"]
result = (getpass.getuser(), os.environ.get("USER"), os.environ.get("PWD"), os.getenv("ADDED", "gone"), os.getenvb(b"HOME"))

# Looks for what the block before it left: files, variables, modules, environment.
# ends: completed
# so that: result == []
import builtins, glob, os, sys
import numpy, pandas

found = [name for name in ("secret", "/tmp/secret", "/home/pyodide/secret", "/dev/shm/secret") if os.path.exists(name)]
found += [path for path in glob.glob("/**/secret*", recursive=True) if "/lib/" not in path]
found += [str(where) for where in (builtins, numpy, pandas) if hasattr(where, "secret")]
found += [name for name in sys.modules if "secret" in name and name != "secrets"]
found += [name for name in os.environ if "SECRET" in name]
return found

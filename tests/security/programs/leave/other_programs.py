# Starts other programs with all that Python has for it.
# ends: completed
# so that: all(each in ("OSError", "AttributeError", "NotImplementedError", "ModuleNotFoundError", "FileNotFoundError", "PermissionError") for each in result)
import asyncio, importlib, os, subprocess

touch = ["/usr/bin/touch", data["folder"] + "/ESCAPED"]
line = " ".join(touch)


def tried(call, *args, **kwargs):
    try:
        return f"ESCAPED {call(*args, **kwargs)}"
    except Exception as error:
        return type(error).__name__


def named(name):
    return lambda *args: getattr(os, name)(*args)


answers = [
    tried(named("system"), line), tried(lambda: os.popen(line).read()), tried(named("fork")), tried(named("forkpty")),
    tried(named("execv"), touch[0], touch), tried(named("execve"), touch[0], touch, {}), tried(named("execlp"), "sh", "sh"),
    tried(named("posix_spawn"), touch[0], touch, {}), tried(named("spawnv"), 0, touch[0], touch),
    tried(subprocess.run, touch), tried(subprocess.Popen, line, shell=True), tried(subprocess.getoutput, line),
    tried(subprocess.check_output, touch), tried(lambda: importlib.import_module("pty").spawn(touch)),
]
for spawn in (asyncio.create_subprocess_exec, lambda *_: asyncio.create_subprocess_shell(line)):
    try:
        answers.append(f"ESCAPED {await spawn(*touch)}")
    except Exception as error:
        answers.append(type(error).__name__)
return answers

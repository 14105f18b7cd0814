# Walks from an empty tuple to every class and function there is, and calls whatever starts a program.
# ends: completed
# so that: result["found"] > 0 and set(result["called"]) <= {"-1", "OSError", "AttributeError", "NotImplementedError", "TypeError"}
import gc, os, subprocess, sys

names = {"system", "popen", "fork", "execv", "posix_spawn", "fork_exec", "run_js", "eval_js"}
called, found = [], 0
todo, seen = [object], {object}
while todo:
    for each in type.__subclasses__(todo.pop()):
        if each not in seen:
            seen.add(each)
            todo.append(each)
            scope = getattr(each.__init__, "__globals__", {})
            for name in names & scope.keys():
                found += 1
                try:
                    called.append(str(scope[name]("/usr/bin/touch " + data["folder"] + "/ESCAPED")))
                except Exception as error:
                    called.append(type(error).__name__)
return {"found": found, "called": sorted(set(called))}

# Kills processes of the host by their ids, and groups of them.
# ends: completed
# so that: set(result) <= {"ESRCH", "EPERM", "EINVAL", "AttributeError", "ENOSYS"}
import errno, os, signal

answers = []
for pid in [*data["pids"], 1, 2, 99999, -1, *(-each for each in data["pids"])]:
    for number in (signal.SIGTERM, signal.SIGKILL, 0):
        try:
            answers.append(f"ESCAPED {pid} {os.kill(pid, number)}")
        except OSError as error:
            answers.append(errno.errorcode[error.errno])
for pid in data["pids"]:
    try:
        answers.append(f"ESCAPED {os.killpg(pid, 9)}")
    except AttributeError:
        answers.append("AttributeError")
    except OSError as error:
        answers.append(errno.errorcode[error.errno])
return answers

# Types into a terminal that the service may have been started from, and asks for its name and size.
# ends: completed
# so that: set(result) == {"ENOTTY"} or set(result) <= {"ENOTTY", "EBADF", "AttributeError", "ModuleNotFoundError"}
import errno, fcntl, os, struct

answers = []
for descriptor in (0, 1, 2):
    for request in (0x5412, 0x5413, 0x5401, 0x5402, 0x540E, 0x5429):  # TIOCSTI, TIOCGWINSZ, TCGETS, TCSETS, TIOCSCTTY, TIOCGSID
        for letter in b"id\n":
            try:
                answers.append(f"ESCAPED {fcntl.ioctl(descriptor, request, struct.pack('b', letter))}")
            except OSError as error:
                answers.append(errno.errorcode[error.errno])
    for call in (os.ttyname, os.tcgetpgrp, os.get_terminal_size):
        try:
            answers.append(f"ESCAPED {call(descriptor)}")
        except OSError as error:
            answers.append(errno.errorcode[error.errno])
return answers

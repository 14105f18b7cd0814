# Reads and writes every number that a descriptor of the host's process might have.
# ends: completed
# so that: set(result) == {"EBADF"}
import errno, os

answers = []
for number in [*range(3, 1100), 2**16, 2**31 - 1, -1, -100]:
    for call in (lambda: os.read(number, 100), lambda: os.write(number, b"ESCAPED"), lambda: os.dup(number)):
        try:
            answers.append(f"ESCAPED {number} {call()}")
        except OSError as error:
            answers.append(errno.errorcode[error.errno])
return answers

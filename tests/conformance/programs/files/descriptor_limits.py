import os

opened = []
try:
    while len(opened) < 6000:
        opened.append(os.open("/dev/null", os.O_RDONLY))
    outcome = "never refused"
except OSError as error:
    outcome = error.strerror
for descriptor in opened:
    os.close(descriptor)
result = (outcome, len(opened) > 200)

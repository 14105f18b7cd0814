import signal
import sys

seen = []
previous = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
signal.raise_signal(signal.SIGTERM)
names = [signal.Signals(2).name, signal.SIGKILL.value, signal.strsignal(11), signal.NSIG]
signal.signal(signal.SIGTERM, previous)
try:
    signal.signal(signal.SIGKILL, signal.SIG_IGN)
except OSError as error:
    names.append(str(error))
result = (seen, previous, names, sys.gettrace())

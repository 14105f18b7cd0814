import io
import locale
import sys

result = (sys.flags.utf8_mode, io.text_encoding(None), locale.getpreferredencoding(), open("f", "w").encoding)

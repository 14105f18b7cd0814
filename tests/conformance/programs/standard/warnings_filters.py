import warnings


def old():
    warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    old()
    warnings.warn("plain")
    eval("1 is 1")
    "\d".encode() if False else None
messages = [(str(w.message), w.category.__name__, w.lineno, w.filename) for w in caught]
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        old()
    except DeprecationWarning as error:
        messages.append(repr(error))
result = (messages, warnings.formatwarning("text", UserWarning, "file.py", 3, "line of code"))

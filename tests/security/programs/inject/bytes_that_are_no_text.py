# Prints bytes that are no text, cut characters, overlong ones and halves of pairs.
# ends: completed
# so that: "ok" in stdout
import os

os.write(1, b"\xff\xfe\x00\xc0\xaf\xed\xa0\x80\xf8\x88\x80\x80\x80 ok \xe2\x82")
return None

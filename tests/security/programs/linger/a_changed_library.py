# Changes a library's files and its functions in memory, for the next block.
# ends: completed
import json.decoder, numpy, random

open(numpy.__file__, "a").write("\nraise SystemExit('ESCAPED')\n")
json.decoder.JSONDecoder.decode = lambda *_: "ESCAPED"
random.seed(1)
random.random = lambda: 4
# ---- then
# ends: completed
# so that: result == [{}, False, False]
import json, numpy, random

return [json.loads("{}"), "ESCAPED" + "'" in open(numpy.__file__).read(), random.random() == 4]

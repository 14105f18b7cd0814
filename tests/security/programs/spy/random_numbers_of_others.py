# Draws random numbers, so as to know those of the next block.
# ends: completed
import os, random, secrets, uuid
import numpy as np

return [random.random(), secrets.token_hex(8), str(uuid.uuid4()), float(np.random.rand()), os.urandom(8).hex()]
# ---- then
# ends: completed
# so that: not set(result) & set(before[0])
import os, random, secrets, uuid
import numpy as np

return [random.random(), secrets.token_hex(8), str(uuid.uuid4()), float(np.random.rand()), os.urandom(8).hex()]

# Names thousands of modules that don't exist, all of which somebody has to look up.
# ends: error ModuleNotFoundError
import nowhere_0, nowhere_1, nowhere_2, nowhere_3, nowhere_4, nowhere_5, nowhere_6, nowhere_7, nowhere_8, nowhere_9

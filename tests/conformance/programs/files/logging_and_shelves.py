import dbm.dumb
import logging.handlers
import os
import shelve

handler = logging.handlers.RotatingFileHandler("app.log", maxBytes=60, backupCount=2)
logger = logging.getLogger("rotating")
logger.addHandler(handler)
for number in range(12):
    logger.warning("message %d", number)
handler.close()
logger.removeHandler(handler)
with shelve.Shelf(dbm.dumb.open("shelf", "c"), writeback=True) as shelf:
    shelf["key"] = {"list": [1]}
    shelf["key"]["list"].append(2)
with shelve.Shelf(dbm.dumb.open("shelf", "r")) as shelf:
    content = dict(shelf)
result = (sorted((name, os.path.getsize(name)) for name in os.listdir(".")), open("app.log").read(), content)

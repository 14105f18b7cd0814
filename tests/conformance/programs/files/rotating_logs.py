import logging.handlers
import os

handler = logging.handlers.RotatingFileHandler("app.log", maxBytes=60, backupCount=2)
logger = logging.getLogger("rotating")
logger.addHandler(handler)
for number in range(12):
    logger.warning("message %d", number)
handler.close()
logger.removeHandler(handler)
result = (sorted((name, os.path.getsize(name)) for name in os.listdir(".")), open("app.log").read())

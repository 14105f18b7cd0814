import io
import logging
import logging.config

stream = io.StringIO()
logging.config.dictConfig({
    "version": 1, "disable_existing_loggers": False,
    "formatters": {"f": {"format": "%(levelname)-8s %(name)s:%(lineno)d %(funcName)s %(message)s"}},
    "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f", "stream": stream}},
    "loggers": {"app": {"handlers": ["h"], "level": "INFO", "propagate": False}},
})
logger = logging.getLogger("app.part")


def work():
    logger.debug("not shown")
    logger.info("got %d of %s", 3, {"k": 1})
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("failed")
    logger.log(35, "custom", extra={"a": 1})


work()
logging.getLogger("app").handlers.clear()
result = (stream.getvalue(), logger.getEffectiveLevel(), logging.getLevelName(35), logger.isEnabledFor(10))

class ConfigurationError(Exception):
    def __init__(self, key, reason):
        super().__init__(key, reason)
        self.key = key

    def __str__(self):
        return f"{self.key}: {self.args[1]}"

    class Nested(ValueError):
        pass


try:
    raise ConfigurationError("port", "too large")
except ConfigurationError as error:
    raise ConfigurationError.Nested(str(error)) from error

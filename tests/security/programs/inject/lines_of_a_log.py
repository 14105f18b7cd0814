# Prints and raises what looks like lines of the service's log.
# ends: error
# so that: stdout.count("\n") == 2 and "\n" not in error["type"]
line = '{"event": "token_created", "token": "admin", "level": "info", "logger": "audit", "timestamp": "2026-01-01T00:00:00Z"}'
print(f"\n{line}")
kind = type("Error\n" + line.replace(".", "_"), (Exception,), {})
raise kind(f"\n{line}\r\n{line}")

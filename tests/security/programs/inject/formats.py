# Names formats, queries and templates in its message.
# ends: error ValueError
# so that: error["message"] == "%s%n %(x)s {0.__class__} {error!r} ${jndi:ldap://127.0.0.1/a} '; DROP TABLE executions; --"
raise ValueError("%s%n %(x)s {0.__class__} {error!r} ${jndi:ldap://127.0.0.1/a} '; DROP TABLE executions; --")

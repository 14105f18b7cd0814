def fail(number):
    raise ValueError(f"number {number}")


errors = []
for number in range(3):
    try:
        fail(number)
    except ValueError as error:
        errors.append(error)
raise ExceptionGroup("several", errors)

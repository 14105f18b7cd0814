# Asks for the context, secrets and variables of a flow, where there is none behind it.
# ends: completed
# so that: result == ["ContextRefused"] * 3 or len(set(result)) <= 2 and not any("ESCAPED" in each for each in result)
answers = []
for ask in (lambda: flow.get("secret"), lambda: global_.keys(), lambda: context.set("a", 1)):
    try:
        answer = ask()
        answers.append("None" if answer in (None, []) else f"ESCAPED {answer}")
    except Exception as error:
        answers.append(type(error).__name__)
return answers

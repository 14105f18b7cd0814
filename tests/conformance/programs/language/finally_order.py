log = []


def run(how):
    for turn in range(3):
        try:
            log.append(("try", turn))
            if how == "break":
                break
            if how == "continue":
                continue
            if how == "return":
                return "from try"
            if how == "raise":
                raise ValueError(turn)
        except ValueError:
            log.append("except")
            return "from except"
        else:
            log.append("else")
        finally:
            log.append("finally")
    else:
        return "exhausted"
    return "end"


result = ([run(how) for how in ("none", "break", "continue", "return", "raise")], log)

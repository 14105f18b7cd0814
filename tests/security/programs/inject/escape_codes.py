# Prints codes that move a terminal's cursor, set its title and ask it for answers.
# ends: completed
# so that: stdout == result
text = "\x1b[2J\x1b[H\x1b]0;owned\x07\x1b[6n\x1bc\x9b31m\x08\x08\x7f\x00"
print(text, end="")
return text

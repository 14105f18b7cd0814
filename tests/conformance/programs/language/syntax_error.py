total = 0
for number in range(3):
    total += number
if total = 3:
    print("three")
result = total

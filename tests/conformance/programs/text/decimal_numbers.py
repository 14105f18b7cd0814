from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, getcontext, localcontext

with localcontext(Context(prec=28)) as context:
    values = [Decimal("0.1") + Decimal("0.2"), Decimal(1) / 3, Decimal(2).sqrt(), Decimal("1e5"), Decimal("1E+5") * 10, Decimal(0.1)]
    values += [Decimal("2.675").quantize(Decimal("0.01"), ROUND_HALF_EVEN), Decimal("-7.1").to_integral_value(ROUND_CEILING)]
    values += [Decimal("123.4500").normalize(), Decimal("-0"), Decimal("NaN"), Decimal("Infinity"), Decimal("7") // Decimal("-2"), Decimal("7") % Decimal("-2")]
    values += [Decimal(10).ln(), Decimal(1).exp(), Decimal("2") ** Decimal("0.5"), Decimal("1.20").as_tuple(), f"{Decimal('1234567.891'):,.2f}", f"{Decimal('0.00001234'):.2e}"]
    try:
        Decimal("x")
    except InvalidOperation as error:
        values.append(repr(error))
    try:
        Decimal(1) / 0
    except ZeroDivisionError as error:
        values.append(repr(error))
    context.prec = 60
    values += [Decimal(2).sqrt(), hash(Decimal("0.5")) == hash(0.5), Decimal("1.1") < 1.1, context.flags[InvalidOperation]]
result = [str(value) for value in values]

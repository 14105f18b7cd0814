import gettext
import locale

outcomes = [locale.setlocale(locale.LC_ALL), locale.getlocale(), locale.getencoding(), locale.localeconv()["decimal_point"], locale.str(1234.5), locale.format_string("%.2f", 1234567.891, grouping=True)]
for name in ("", "C", "C.UTF-8", "en_US.UTF-8", "de_DE", "nonsense"):
    try:
        outcomes.append((name, locale.setlocale(locale.LC_NUMERIC, name)))
    except locale.Error as error:
        outcomes.append((name, str(error)))
locale.setlocale(locale.LC_ALL, "C.UTF-8")
outcomes += [locale.strcoll("a", "B") > 0, locale.strxfrm("abc"), locale.atof("1.5"), locale.nl_langinfo(locale.CODESET), locale.nl_langinfo(locale.DAY_1), gettext.gettext("text"), locale.normalize("de_DE")]
result = outcomes

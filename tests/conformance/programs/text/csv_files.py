import csv
import io

source = 'name,note\r\nAnn,"says ""hi"", ok"\r\n"multi\nline",\r\nx,y,z\r\nonly\r\n'
rows = list(csv.reader(io.StringIO(source, newline="")))
records = list(csv.DictReader(io.StringIO(source, newline=""), restkey="more", restval="-"))
out = io.StringIO()
writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
writer.writerows([["a;b", 1, 2.5, None], ['q"q', "", "line\nbreak", True]])
dialect = csv.Sniffer().sniff("a|b|c\n1|2|3\n4|5|6\n")
result = [rows, records, out.getvalue(), dialect.delimiter, list(csv.reader(["1,'2,3'"], quotechar="'", quoting=csv.QUOTE_NONNUMERIC)), csv.field_size_limit(), sorted(csv.list_dialects())]
try:
    list(csv.reader(['a,"b'], strict=True))
except csv.Error as error:
    result.append(str(error))

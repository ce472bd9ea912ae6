"""Sends each line of tests/file_conditions.txt to this server and to nginx, and compares the responses with it.

usage: table.py TABLE CERTIFICATE PORT NGINX_PORT
"""

import http.client
import re
import ssl
import sys

DATES = {
    "at": "Sun, 09 Sep 2001 01:46:40 GMT",
    "at-rfc850": "Sunday, 09-Sep-01 01:46:40 GMT",
    "at-asctime": "Sun Sep  9 01:46:40 2001",
    "before": "Sun, 09 Sep 2001 01:46:39 GMT",
    "after": "Sun, 09 Sep 2001 01:46:41 GMT",
}


def ask(connection, method, file, fields):
    connection.putrequest(method, f"/files/{file}")
    for name, value in fields:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return response, response.read()


def outcome(response, content):
    """The response in the form of the table."""
    if response.status != 206:
        return str(response.status)
    ranges = re.findall(rb"\r\ncontent-range: bytes ([^\r]*)\r\n", content, re.IGNORECASE)
    if ranges:
        return "206 parts " + ", ".join(part.decode() for part in ranges)
    return "206 " + response.getheader("content-range", "parts").removeprefix("bytes ")


def rows(table):
    for line in table:
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        request, fields, ours, *nginx = (column.strip() for column in line.split("|"))
        method, file = request.split()
        yield line, method, file, fields, ours, nginx[0].split(":")[0] if nginx else ours


def fill(fields, etag):
    fields = fields.replace("{etag}", etag).replace("{weak}", f"W/{etag}")
    for name, date in DATES.items():
        fields = fields.replace("{" + name + "}", date)
    return [field.strip().split(": ", 1) for field in fields.split(" ; ") if field]


def main(table, certificate, port, nginx_port):
    context = ssl.create_default_context(cafile=certificate)
    servers = [
        ("this server", lambda: http.client.HTTPSConnection("localhost", int(port), context=context, timeout=20), 0),
        ("nginx", lambda: http.client.HTTPConnection("127.0.0.1", int(nginx_port), timeout=20), 1),
    ]
    with open(table, encoding="utf-8") as lines:
        table = list(rows(lines))
    wrong, different = [], sum(ours != nginx for *_, ours, nginx in table)
    for name, connect, column in servers:
        # nginx may close connections at any time.
        etags = {file: ask(connect(), "HEAD", file, [])[0].getheader("etag") for file in ("ten", "empty")}
        etags["missing"] = ""
        for line, method, file, fields, *expected in table:
            came = outcome(*ask(connect(), method, file, fill(fields, etags[file])))
            if came != expected[column]:
                wrong.append(f"{name}: {came} instead of {expected[column]}: {line}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(table)} conditions and ranges match the table; nginx differs in {different} of them")


main(*sys.argv[1:])

"""Requests that are hostile in their shape: kinds of body, headers, lengths and parts."""

from .wire import CSRF, FORM, Hostile

WHO = "/consultation/who/"
GOOD = "for_whom=me&age=adult"
MEGABYTE = 1_000_000

# No form of ours sends these.
CONTENT_TYPES = [
    None,
    "",
    ";",
    "x",
    "text/plain",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=hex",
    "application/x-www-form-urlencoded; charset=idna",
    "application/x-www-form-urlencoded; charset=none",
    "application/x-www-form-urlencoded; charset*=nonsense''%41",
    "application/x-www-form-urlencoded; charset*=utf-8''%00",
    "application/x-www-form-urlencoded; charset*=raw_unicode_escape''%5Cud800",
    f"application/x-www-form-urlencoded; charset={'x' * 5_000}",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff\xfe",
    f"multipart/form-data; boundary={'x' * 5_000}",
    "multipart/form-data; boundary*=utf-8''%00",
    "multipart/form-data; boundary*=nonsense''x",
    "multipart/mixed; boundary=x",
]
HEADERS = [
    "Host: evil.example",
    "Host: localhost:99999999999",
    "Host: localhost\x01",
    "Host: [::1",
    "Host: \xe9.example",
    "Host: ",
    f"Host: {'a.' * 2_000}",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-For: " + "1.1.1.1, " * 800,
    "X-Forwarded-For: \xff\xfe",
    "X-Forwarded-For: ' OR 1=1 --",
    "X-Forwarded-Proto: gopher",
    "X-Real-IP: ::::::",
    "Forwarded: for=;;;by=",
    'Cookie: sessionid="\\000\\000\\000\\000\\000\\000\\000\\000\\000"',
    'Cookie: csrftoken="\\000"; sessionid="\\777\\777\\777\\777\\777\\777\\777"',
    f"Cookie: sessionid={'x' * 5_000}",
    "Cookie: sessionid=\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7",
    "Cookie: ;;;=;=;a;;b=;",
    "Cookie: messages=W1siX19qc29uX21lc3NhZ2Ui; sessionid='; DROP TABLE x;--",
    "Accept-Language: " + "x-" * 2_000,
    "Accept-Language: \xff;q=999",
    "Accept-Encoding: gzip;q=" + "9" * 2_000,
    "Accept: " + "*/*;q=0.1," * 500,
    "If-Modified-Since: Mon, 99 Zzz 99999 99:99:99 GMT",
    "If-None-Match: " + '"x",' * 1_000,
    "Range: bytes=-" + "9" * 300,
    "Referer: javascript:alert(1)",
    "Origin: null",
    "User-Agent: \xff\xfe",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "X-HTTP-Method-Override: DELETE",
    "Sec-Fetch-Site: \x7f",
]
TOKEN = f'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{CSRF}\r\n'
PART = '--x\r\nContent-Disposition: form-data; name="for_whom"'
# The rest of a part, after its name.
PARTS = [
    "\r\n\r\n\x00\r\n--x--\r\n",
    "\r\n\r\n\xed\xa0\x80\r\n--x--\r\n",
    "; filename*=nonsense''%41\r\n\r\nx\r\n--x--\r\n",
    "; filename*=utf-8''%00\r\n\r\nx\r\n--x--\r\n",
    "; name*=raw_unicode_escape''%5Cud800\r\n\r\nx\r\n--x--\r\n",
    '; filename="../../etc/passwd"\r\n\r\nx\r\n--x--\r\n',
    '; filename="\x00"\r\nContent-Type: \xff\r\n\r\nx\r\n--x--\r\n',
    '; filename="a"\r\nContent-Length: x\r\n\r\nx\r\n--x--\r\n',
    "; filename=\"a\"\r\nContent-Type: text/plain; charset*=nonsense''%41\r\n\r\nx\r\n--x--\r\n",
    "\r\nContent-Transfer-Encoding: base64\r\n\r\nAA=\r\n--x--\r\n",
    "\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n",
    "\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nx\r\n--x--\r\n",
    "\r\n\r\nno end",
    "",
    "; " + "a=b;" * 3_000 + "\r\n\r\nx\r\n--x--\r\n",
    "\r\n" + "X-Header: x\r\n" * 2_000 + "\r\nx\r\n--x--\r\n",
    "\r\n\r\nx\r\n" + (PART + "\r\n\r\nme\r\n") * 1_500 + "--x--\r\n",
    "\r\n\r\nx\r\n" + (PART + '; filename="a"\r\n\r\nme\r\n') * 500 + "--x--\r\n",
]


def shapes():
    return [
        *[
            Hostile(f"content type {kind!r:.60}", WHO, method="POST", body=GOOD, content_type=kind)
            for kind in CONTENT_TYPES
        ],
        *[Hostile(f"header {line!r:.60}", address, headers=(line,)) for line in HEADERS for address in ("/", WHO)],
        *[
            Hostile(
                f"header {line!r:.60}", "/admin/sign-in/", method="POST", body="login=x&password=x", headers=(line,)
            )
            for line in HEADERS
        ],
        *[
            Hostile(f"part {rest!r:.60}", WHO, method="POST", body=TOKEN + PART + rest, content_type=BOUNDARY)
            for rest in PARTS
        ],
        *lengths(),
    ]


BOUNDARY = "multipart/form-data; boundary=x"


def lengths():
    many = "&".join(f"field{number}=x" for number in range(3_000))
    yield Hostile(
        "a charset, and many fields in the query", f"/?{many}", body="", content_type=f"{FORM}; charset=utf-8"
    )
    yield Hostile(
        "a charset that is no text, and a query", "/?a=b", method="PUT", body="", content_type=f"{FORM}; charset=hex"
    )
    much = "goal=" + "x" * MEGABYTE
    for who, where in [("stranger", "/consultation/problem/"), ("editor", "/admin/tips/tip/preview/")]:
        yield Hostile("10 MB", where, method="POST", who=who, body=much * 10)
        yield Hostile("3 MB", where, method="POST", who=who, body=much * 3)
        yield Hostile("10 MB of parts", where, method="POST", who=who, content_type=BOUNDARY, body=TOKEN + much * 10)
    yield Hostile("1 MB of parts", WHO, method="POST", content_type=BOUNDARY, body=TOKEN + PART + "\r\n\r\n" + much)
    yield Hostile("10 MB to a page without a form", "/privacy/", method="POST", body=much * 10)
    yield Hostile("10 MB with GET", "/", body=much * 10)
    yield Hostile("10 MB with PUT", WHO, method="PUT", body=much * 10)
    yield Hostile("deep JSON", WHO, method="POST", content_type="application/json", body="[" * 100_000)
    for claims in (10, 10_000, 200_000, 10_000_000):
        yield Hostile(f"{claims} promised", WHO, method="POST", body=GOOD, claims=claims)
        yield Hostile(
            f"{claims} promised, in parts", WHO, method="POST", body=TOKEN, content_type=BOUNDARY, claims=claims
        )

"""Damaged and hostile mails: each must become one visible message, within bounds.

`hostile_mails` yields them by name, the same ones every time; flows use them as well.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Iterator

HEAD = b"From: Eve <eve@stranger.example>\r\nTo: support@shop.example\r\n"
FINE = (
    HEAD
    + b"Subject: Fine\r\nMessage-ID: <fine@stranger.example>\r\n"
    + b"Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    + b'Content-Type: multipart/mixed; boundary="outer"\r\n\r\n--outer\r\n'
    + b'Content-Type: multipart/alternative; boundary="inner"\r\n\r\n--inner\r\n'
    + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    + b"\r\nGr=C3=BC=C3=9Fe\r\n\r\n--inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    + b"<p>Gr&uuml;&szlig;e</p>\r\n\r\n--inner--\r\n\r\n--outer\r\n"
    + b'Content-Type: image/png; name="=?utf-8?q?b=C3=BCld=2Epng?="\r\n'
    + b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n"
    + b" filename*=utf-8''b%C3%BCld.png\r\n\r\n"
    + b64encode(bytes(range(256)))
    + b"\r\n\r\n--outer--\r\n"
)
NUMBER_OF_MUTATIONS = 120

Maker = Callable[[], bytes]
_HAND_MADE: dict[str, Maker] = {}


def hostile_mails() -> Iterator[tuple[str, bytes]]:
    """Hand-made attacks first, then one good mail damaged in many ways."""
    for maker in _HAND_MADE:
        yield maker, _HAND_MADE[maker]()
    yield from _damaged(FINE)


def _damaged(mail: bytes) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(20261122)
    for number in range(NUMBER_OF_MUTATIONS):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        yield f"{mutate.__name__.strip('_')}-{number}", mutate(bytearray(mail), dice)


def _cut(mail: bytearray, dice: random.Random) -> bytes:
    return bytes(mail[: dice.randrange(len(mail))])


def _flipped(mail: bytearray, dice: random.Random) -> bytes:
    for _ in range(12):
        mail[dice.randrange(len(mail))] ^= 1 << dice.randrange(8)
    return bytes(mail)


def _noise(mail: bytearray, dice: random.Random) -> bytes:
    for _ in range(40):
        mail[dice.randrange(len(mail))] = dice.randrange(256)
    return bytes(mail)


def _shuffled(mail: bytearray, dice: random.Random) -> bytes:
    lines = bytes(mail).split(b"\r\n")
    dice.shuffle(lines)
    return b"\r\n".join(lines)


def _doubled(mail: bytearray, dice: random.Random) -> bytes:
    lines = bytes(mail).split(b"\r\n")
    for _ in range(8):
        lines.insert(dice.randrange(len(lines)), lines[dice.randrange(len(lines))])
    return b"\r\n".join(lines)


def _gnawed(mail: bytearray, dice: random.Random) -> bytes:
    for _ in range(10):
        start = dice.randrange(len(mail) - 10)
        del mail[start : start + dice.randrange(1, 10)]
    return bytes(mail)


MUTATIONS = (_cut, _flipped, _noise, _shuffled, _doubled, _gnawed)


def _mail(maker: Maker) -> Maker:
    _HAND_MADE[maker.__name__.replace("_", "-")] = maker
    return maker


def _plain(body: bytes, *headers: bytes) -> bytes:
    return HEAD + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def _html(body: bytes) -> bytes:
    return _plain(body, b"Content-Type: text/html; charset=utf-8")


# Nothing there


@_mail
def empty() -> bytes:
    return b""


@_mail
def one_line_break() -> bytes:
    return b"\n"


@_mail
def only_nul_bytes() -> bytes:
    return b"\0" * 5000


@_mail
def no_headers_at_all() -> bytes:
    return b"\r\nJust a body\r\n"


@_mail
def no_body_and_no_line_break() -> bytes:
    return b"Subject: hello"


@_mail
def not_a_mail_but_a_picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@_mail
def mbox_line_first() -> bytes:
    return b"From eve@stranger.example Sun Nov 22 10:00:00 2026\r\n" + _plain(b"hello")


# Headers


@_mail
def no_from() -> bytes:
    return b"To: support@shop.example\r\nSubject: who am I\r\n\r\nhello\r\n"


@_mail
def empty_from() -> bytes:
    return b"From: \r\nSubject: nobody\r\n\r\nhello\r\n"


@_mail
def from_without_an_at() -> bytes:
    return b"From: root\r\nSubject: cron\r\n\r\nhello\r\n"


@_mail
def two_froms() -> bytes:
    return b"From: ada@customer.example\r\n" + _plain(b"which of us?")


@_mail
def from_with_stray_brackets() -> bytes:
    return b"From: <<Eve <eve@stranger.example>> <\r\nSubject: brackets\r\n\r\nhello\r\n"


@_mail
def message_id_with_spaces() -> bytes:
    return _plain(b"hello", b"Message-ID: <a b@c >", b"In-Reply-To: < x y@z>")


@_mail
def message_id_of_ten_kilobytes() -> bytes:
    return _plain(b"hello", b"Message-ID: <" + b"a" * 10_000 + b"@x>")


@_mail
def references_with_commas() -> bytes:
    return _plain(b"hello", b"References: <a@x>,<b@x>, <c@x>;<d@x>")


@_mail
def ten_thousand_references() -> bytes:
    return _plain(b"hello", b"References: " + b" ".join(b"<%d@x>" % n for n in range(5000)))


@_mail
def five_thousand_recipients() -> bytes:
    return _plain(b"hello", b"Cc: " + b", ".join(b"a%d@x.example" % n for n in range(3500)))


@_mail
def nested_comments_in_an_address() -> bytes:
    return _plain(b"hello", b"Cc: " + b"(" * 30_000 + b"a@b" + b")" * 30_000)


@_mail
def unclosed_quote_in_an_address() -> bytes:
    return _plain(b"hello", b'Cc: "' + b'\\"' * 30_000)


@_mail
def nul_bytes_in_every_header() -> bytes:
    return b"From: \0Eve\0 <e\0ve@stranger.example>\r\nSubject: a\0b\r\nTo: \0\r\n\r\nh\0i\r\n"


@_mail
def raw_eight_bit_subject() -> bytes:
    return _plain(b"hello", "Subject: Größe №7".encode(), "X-Odd: ééé".encode("latin-1"))


@_mail
def latin_1_subject_without_encoding() -> bytes:
    return _plain(b"hello", "Subject: Größe".encode("latin-1"))


@_mail
def encoded_words_by_the_thousand() -> bytes:
    return _plain(b"hello", b"Subject: " + b"=?utf-8?q?x?= " * 4000)


@_mail
def encoded_words_that_never_end() -> bytes:
    return _plain(b"hello", b"Subject: " + b"=?a?q?" * 10_000)


@_mail
def encoded_word_in_an_unknown_charset() -> bytes:
    return _plain(b"hello", b"Subject: =?foo-bar?b?aGVsbG8=?= =?utf-8?b?####?= =?x?q?=ZZ?=")


@_mail
def encoded_word_hides_a_line_break() -> bytes:
    return _plain(b"hello", b"Subject: =?utf-8?q?a=0D=0ABcc:_ada@customer.example?=")


@_mail
def a_character_cut_in_two_encoded_words() -> bytes:
    return _plain(b"hello", b"Subject: =?utf-8?b?8J+Y?= =?utf-8?b?gA==?=")


@_mail
def idna_as_a_charset() -> bytes:
    return _plain(b"xn--" + b"a-" * 30_000, b"Content-Type: text/plain; charset=idna")


@_mail
def unicode_escape_as_a_charset() -> bytes:
    return _plain(b"\\x00\\ud800\\N{BELL}", b"Content-Type: text/plain; charset=unicode_escape")


@_mail
def base64_as_a_charset() -> bytes:
    return _plain(b"aGVsbG8=", b"Content-Type: text/plain; charset=base64")


@_mail
def unknown_charset() -> bytes:
    return _plain("Grüße".encode("latin-1"), b"Content-Type: text/plain; charset=foo-bar")


@_mail
def wrong_charset() -> bytes:
    return _plain(
        "Здравствуйте, где мой заказ? Жду ответа уже неделю.".encode("koi8-r"),
        b"Content-Type: text/plain; charset=utf-8",
    )


@_mail
def charset_of_nul_bytes() -> bytes:
    return _plain(b"hello", b"Content-Type: text/plain; charset=\0\0")


@_mail
def lone_surrogates_in_utf_16() -> bytes:
    return _plain(b"\x00\xd8\x00\xd8h\x00i\x00", b"Content-Type: text/plain; charset=utf-16-le")


@_mail
def windows_31j() -> bytes:
    return _plain("注文について".encode("cp932"), b"Content-Type: text/plain; charset=windows-31j")


@_mail
def iso_2022_jp_not_declared() -> bytes:
    return _plain("注文について".encode("iso-2022-jp"))


@_mail
def header_of_sixty_kilobytes() -> bytes:
    return _plain(b"hello", b"X-Long: " + b"a" * 60_000)


@_mail
def header_of_a_megabyte() -> bytes:
    return _plain(b"hello", b"X-Long: " + b"a" * 1_000_000)


@_mail
def header_block_without_an_end() -> bytes:
    return HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(60_000))


@_mail
def a_megabyte_of_folded_header() -> bytes:
    return HEAD + b"Subject: a\r\n" + b" a\r\n" * 250_000 + b"\r\nhello\r\n"


@_mail
def content_type_of_semicolons() -> bytes:
    return _plain(b"hello", b"Content-Type: text/plain" + b';"' * 30_000)


@_mail
def content_type_of_two_hundred_parts_with_semicolons() -> bytes:
    part = b"--b\r\nContent-Type: text/plain" + b";x" * 20_000 + b"\r\n\r\nhi\r\n"
    return _plain(part * 150 + b"--b--\r\n", b'Content-Type: multipart/mixed; boundary="b"')


@_mail
def content_type_is_gibberish() -> bytes:
    return _plain(b"hello", b"Content-Type: ////;;;==\"'")


@_mail
def content_type_twice() -> bytes:
    return _plain(b"<b>x</b>", b"Content-Type: text/plain", b"Content-Type: text/html")


@_mail
def rfc_2231_gone_wrong() -> bytes:
    return _plain(
        b"hello", b"Content-Type: text/plain; name*0*=foo''%ZZ; name*9999999999*=x; name*x*=y"
    )


@_mail
def absurd_date() -> bytes:
    return _plain(b"hello", b"Date: Fri, 99 Foo 99999 99:99:99 +99999999999")


@_mail
def date_in_the_year_9999() -> bytes:
    return _plain(b"hello", b"Date: Fri, 31 Dec 9999 23:59:59 -1400")


@_mail
def unknown_transfer_encoding() -> bytes:
    return _plain(b"hello", b"Content-Transfer-Encoding: x-secret")


@_mail
def broken_base64() -> bytes:
    return _plain(b"aGVsbG8$$$=====aGVs\r\nbG8", b"Content-Transfer-Encoding: base64")


@_mail
def broken_uuencode() -> bytes:
    return _plain(b"begin 666 x\r\n\xff\xfe#####\r\nend", b"Content-Transfer-Encoding: x-uuencode")


@_mail
def broken_quoted_printable() -> bytes:
    return _plain(b"=ZZ=\r\n=3", b"Content-Transfer-Encoding: quoted-printable")


@_mail
def forged_authentication_results() -> bytes:
    return _plain(b"hello", b"Authentication-Results: mx.shop.example; dmarc=pass" + b"(" * 20_000)


# The tree


def _nested(depth: int) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    )
    return HEAD + opening + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


@_mail
def nineteen_levels() -> bytes:
    return _nested(19)


@_mail
def a_thousand_levels() -> bytes:
    return _nested(1_000)


@_mail
def ten_thousand_levels() -> bytes:
    return _nested(10_000)


@_mail
def mails_in_mails() -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + b"hello\r\n"


@_mail
def a_hundred_thousand_parts() -> bytes:
    return _plain(b"--b\r\n\r\n\r\n" * 100_000, b"Content-Type: multipart/mixed; boundary=b")


@_mail
def two_hundred_and_fifty_lines_like_boundaries() -> bytes:
    return _plain(b"-- not a part\r\n--neither\r\n" * 125)


@_mail
def boundary_missing() -> bytes:
    return _plain(b"--b\r\n\r\nhello\r\n--b--\r\n", b"Content-Type: multipart/mixed")


@_mail
def boundary_never_comes() -> bytes:
    return _plain(b"hello\r\n", b"Content-Type: multipart/alternative; boundary=zzz")


@_mail
def boundary_never_ends() -> bytes:
    return _plain(b"--b\r\n\r\nhello\r\n", b"Content-Type: multipart/mixed; boundary=b")


@_mail
def boundary_of_sixty_kilobytes() -> bytes:
    long = b"b" * 60_000
    return _plain(
        b"--" + long + b"\r\n\r\nhi\r\n", b"Content-Type: multipart/mixed; boundary=" + long
    )


@_mail
def the_same_boundary_inside() -> bytes:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    return _plain(inner * 30, b"Content-Type: multipart/mixed; boundary=b")


@_mail
def only_an_attachment() -> bytes:
    return _plain(
        b"JVBERi0=", b"Content-Type: application/pdf", b"Content-Transfer-Encoding: base64"
    )


@_mail
def file_names_that_climb() -> bytes:
    part = (
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment;"
        b' filename="../../etc/%s"\r\n\r\nx\r\n'
    )
    names = (b"passwd", b"a\0b.exe", "\u202egpj.exe".encode(), b"n" * 300, b"..", b"")
    return _plain(
        b"".join(part % name for name in names), b"Content-Type: multipart/mixed; boundary=b"
    )


@_mail
def a_report_with_nothing_in_it() -> bytes:
    return _plain(
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n\r\n\r\n--b--\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    )


@_mail
def a_report_on_ten_thousand_recipients() -> bytes:
    block = b"Action: failed\r\nFinal-Recipient: rfc822;a@b\r\n\r\n"
    return _plain(
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + block * 10_000 + b"--b--\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    )


@_mail
def a_mailer_that_talks_without_end() -> bytes:
    return (
        b"From: MAILER-DAEMON@x.example\r\n\r\n" + b"The following address <a@b>: failed " * 50_000
    )


# Bodies


@_mail
def a_million_from_lines() -> bytes:
    return _plain(b"From: a\r\n" * 1_000_000)


@_mail
def twenty_thousand_from_lines() -> bytes:
    return _plain(b"From: a\r\n" * 20_000)


@_mail
def nine_hundred_header_like_lines() -> bytes:
    return _plain(b"From: a\r\nSent: b\r\nTo: c\r\n" * 300)


@_mail
def attribution_that_never_ends() -> bytes:
    return _plain((b"On " * 650 + b"\r\n") * 900)


@_mail
def one_line_of_ten_megabytes() -> bytes:
    return _plain(b"a" * 10_000_000)


@_mail
def one_line_of_spaces() -> bytes:
    return _plain(b">" + b" " * 1_000_000 + b"x")


@_mail
def quote_signs_by_the_million() -> bytes:
    return _plain(b">" * 1_000_000 + b"\r\n> a\r\n" * 10)


@_mail
def flowed_without_end() -> bytes:
    return _plain(b"a \r\n" * 200_000, b"Content-Type: text/plain; format=flowed; delsp=yes")


@_mail
def ten_megabytes_of_line_breaks() -> bytes:
    return _plain(b"\n" * 10_000_000)


@_mail
def thirty_four_megabytes() -> bytes:
    body = b64encode(bytes(1024)) + b"\r\n"
    return _plain(
        body * (34 * 1024 * 1024 // len(body)),
        b"Content-Type: application/octet-stream",
        b"Content-Transfer-Encoding: base64",
    )


@_mail
def thirty_six_megabytes() -> bytes:
    return _plain((b"a" * 75 + b"\r\n") * (36 * 1024 * 1024 // 77))


@_mail
def twenty_thousand_nested_divs() -> bytes:
    return _html(b"<div>" * 20_000 + b"hello")


@_mail
def a_hundred_thousand_nested_tables() -> bytes:
    return _html(b"<table><tr><td>" * 100_000 + b"hello")


@_mail
def unclosed_comments() -> bytes:
    return _html(b"<!--" * 100_000 + b"hello")


@_mail
def unclosed_tags() -> bytes:
    return _html(b"<a href='" * 100_000)


@_mail
def unclosed_formatting() -> bytes:
    return _html(b"<b><i><u>" * 5_000 + b"<p>hello" * 5_000)


@_mail
def an_attribute_of_a_megabyte() -> bytes:
    return _html(b'<a href="https://x.example/' + b"a" * 1_000_000 + b'">x</a>')


@_mail
def html_of_nul_bytes() -> bytes:
    return _html(b"<p>\0h\0i</p>\0<scr\0ipt>alert(1)</scr\0ipt>")


@_mail
def html_with_scripts() -> bytes:
    return _html(
        b"<p onclick=alert(1)>hi</p><script>alert(1)</script><svg onload=alert(1)>"
        b"<iframe src=javascript:alert(1)></iframe><a href='javascript:alert(1)'>x</a>"
    )


@_mail
def html_gmail_quotes_without_end() -> bytes:
    return _html(b"hi" + b'<div class="gmail_quote"><blockquote class="gmail_quote">' * 3_000)


@_mail
def a_line_ends_in_carriage_returns_only() -> bytes:
    return FINE.replace(b"\r\n", b"\r")


@_mail
def a_line_ends_in_line_feeds_only() -> bytes:
    return FINE.replace(b"\r\n", b"\n")


@_mail
def bare_boundary_in_base64() -> bytes:
    return FINE.replace(b"base64", b"BASE64 ").replace(b"--outer--", b"")


@_mail
def utf_7_body() -> bytes:
    return _plain(b"+ADw-script+AD4-", b"Content-Type: text/html; charset=utf-7")


@_mail
def ten_thousand_headers_of_one_kind() -> bytes:
    return b"Received: x\r\n" * 10_000 + _plain(b"hello")


def _rare(count: int, seed: int = 1) -> bytes:
    """Letters of four bytes each, in no order that could be packed."""
    dice = random.Random(seed)
    return "".join(chr(dice.randrange(0x20000, 0x2A000)) for _ in range(count)).encode()


@_mail
def ids_in_rare_letters() -> bytes:
    ids = b"<%s>" % _rare(998)
    return _plain(b"hello", b"Message-ID: " + ids, b"References: " + ids, b"In-Reply-To: " + ids)


@_mail
def addresses_in_rare_letters() -> bytes:
    copies = b", ".join(_rare(300, seed) + b"@rare.example" for seed in range(2, 12))
    return b"Cc: %s\r\n" % copies + FINE.replace(b"ada@", _rare(300) + b"@")


@_mail
def words_that_grow_by_folding() -> bytes:
    dice = random.Random(1)
    words = ("".join(dice.choices("㌀㌖㌕㌔㌪㌴㌶㌾㍊㍇", k=30)) for _ in range(4_000))
    return _plain(" ".join(words).encode(), b"Content-Type: text/plain; charset=utf-8")

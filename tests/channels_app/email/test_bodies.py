"""Text, HTML and files of mails as they are really built."""

from __future__ import annotations

from base64 import b64encode

import pytest

from channels_app.adapters.email import bodies
from channels_app.adapters.email.bodies import label
from channels_app.adapters.email.html_text import text_of

FROM = "From: ada@customer.example\n"


def parts(kind: str, *inner: str, boundary: str = "b") -> str:
    body = "".join(f"--{boundary}\n{part}\n" for part in inner)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n{body}--{boundary}--\n"


def part(kind: str, content: str, *headers: str) -> str:
    lines = "".join(f"{header}\n" for header in headers)
    return f"Content-Type: {kind}; charset=utf-8\n{lines}\n{content}\n"


def test_of_alternatives_the_plain_text_is_the_text_and_the_html_the_html(read_mail):
    mail = parts("alternative", part("text/plain", "plain"), part("text/html", "<p>rich</p>"))
    message = read_mail(FROM + mail)
    assert (message.text, message.full_text) == ("plain", "plain")
    assert message.html == "<p>rich</p>"
    assert message.attachments == ()


def test_html_alone_becomes_text_as_well(read_mail):
    html = "<style>p{}</style><p>Hello <b>there</b></p><ul><li>one</li><li>two</li></ul>"
    message = read_mail(FROM + part("text/html", html))
    assert message.text == "Hello there\n\n- one\n- two"


def test_blank_plain_text_beside_html_is_not_the_text(read_mail):
    mail = parts("alternative", part("text/plain", "  \n"), part("text/html", "<p>rich</p>"))
    assert read_mail(FROM + mail).text == "rich"


def test_text_around_a_file_is_read_as_one(read_mail):
    pdf = part("application/pdf", "x", "Content-Disposition: inline; filename=a.pdf")
    message = read_mail(
        FROM + parts("mixed", part("text/plain", "above"), pdf, part("text/plain", "below"))
    )
    assert message.text == "above\n\nbelow"
    assert [file.name for file in message.attachments] == ["a.pdf"]


def test_a_footer_in_plain_text_below_html_is_in_both(read_mail):
    both = parts(
        "alternative", part("text/plain", "hi"), part("text/html", "<p>hi</p>"), boundary="c"
    )
    message = read_mail(FROM + parts("mixed", both, part("text/plain", "list <footer>")))
    assert message.text == "hi\n\nlist <footer>"
    assert message.html.endswith("<pre>list &lt;footer&gt;\n</pre>")


def test_an_image_the_html_shows_is_inline_and_another_is_not(read_mail):
    html = part("text/html", '<img src="cid:logo@x">')
    shown = part("image/png", "x", "Content-ID: <logo@x>")
    other = part("image/png", "x", "Content-ID: <other@x>", "Content-Disposition: inline")
    message = read_mail(FROM + parts("related", html, shown, other))
    assert [(file.content_id, file.is_inline) for file in message.attachments] == [
        ("logo@x", True),
        ("other@x", False),
    ]


def test_a_file_comes_out_byte_by_byte(read_mail):
    content = bytes(range(256)) * 40
    file = (
        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        f"Content-Disposition: attachment; filename=all.bin\n\n{b64encode(content).decode()}\n"
    )
    message = read_mail(FROM + parts("mixed", part("text/plain", "x"), file))
    assert message.attachments[0].content == content


def test_a_mail_inside_a_mail_is_a_file_named_by_its_subject(read_mail):
    inner = "Content-Type: message/rfc822\n\nFrom: eve@stranger.example\nSubject: Lost\n\nhello\n"
    message = read_mail(FROM + parts("mixed", part("text/plain", "see"), inner))
    file = message.attachments[0]
    assert (file.name, file.content_type) == ("Lost.eml", "message/rfc822")
    assert b"Subject: Lost" in file.content
    assert message.text == "see"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("windows-1252", "cp1252"),
        ("us-ascii", "utf-8"),
        ("utf8", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("UTF-16", "utf-16"),
        ("'utf-8'", "utf-8"),
    ],
)
def test_text_in_its_charset_is_read(charset, encoding, read_mail):
    head = f"{FROM}Content-Type: text/plain; charset={charset}\n\n".encode()
    assert (
        read_mail(head + "Grüße für dich – 10 €".encode(encoding)).text == "Grüße für dich – 10 €"
    )


@pytest.mark.parametrize("charset", ["windows-31j", "shift_jis", "iso-2022-jp", "euc-jp"])
def test_japanese_mail_is_read(charset, read_mail):
    encoding = {"windows-31j": "cp932"}.get(charset, charset)
    head = f"{FROM}Content-Type: text/plain; charset={charset}\n\n".encode()
    assert read_mail(head + "注文について".encode(encoding)).text == "注文について"


@pytest.mark.parametrize("charset", ["utf-8", "foo-bar", "us-ascii"])
def test_a_wrong_or_unknown_charset_is_guessed(charset, read_mail):
    russian = "Здравствуйте, где мой заказ? Жду ответа уже неделю, отправьте его."
    head = f"{FROM}Content-Type: text/plain; charset={charset}\n\n".encode()
    assert read_mail(head + russian.encode("koi8-r")).text == russian


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "base64", "unicode_escape", "rot13", "zip"]
)
def test_a_codec_that_is_no_charset_is_not_used(charset, read_mail):
    message = read_mail(f"{FROM}Content-Type: text/plain; charset={charset}\n\naGVsbG8= \\x41")
    assert message.text == "aGVsbG8= \\x41"


def test_flowed_lines_are_put_together_again(read_mail):
    mail = (
        f"{FROM}Content-Type: text/plain; format=flowed\n\nThis is one \nparagraph.\n"
        "And another.\n> quoted \n> text\n"
    )
    assert read_mail(mail).full_text == "This is one paragraph.\nAnd another.\n> quoted text"


def test_flowed_text_in_a_language_without_spaces_is_put_together(read_mail):
    mail = f"{FROM}Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n注文 \nについて\n"
    assert read_mail(mail).full_text == "注文について"


def test_a_text_too_long_to_show_is_attached_whole(read_mail):
    long = "word " * 60_000
    message = read_mail(f"{FROM}\n{long}")
    assert len(message.full_text) < bodies.MAX_TEXT + 100
    assert message.attachments[0].name == "message.txt"
    assert message.attachments[0].content.decode() == long.rstrip()


@pytest.mark.parametrize("html", ["<div>" * 5_000 + "hi", "<p>" + "x" * 1_600_000])
def test_html_too_large_or_deep_to_clean_is_attached(html, read_mail):
    message = read_mail(FROM + part("text/html", html))
    assert message.html == ""
    assert message.attachments[0].content_type == "text/html"
    assert "attached" in message.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.doc", "a.doc"),
        ("a\0b\r\n.exe", "ab.exe"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\u200bb.txt", "ab.txt"),
        ("..", ""),
        ("日本.pdf", "日本.pdf"),
        ("n" * 300 + ".pdf", "n" * 235 + "n" * 16 + ".pdf"),
    ],
)
def test_a_file_name_is_a_label_never_a_path(name, shown):
    assert label(name) == shown
    assert len(label(name)) <= 255


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Content-Disposition: attachment; filename*=utf-8''b%C3%BCld.png", "büld.png"),
        ('Content-Disposition: attachment; filename="=?utf-8?q?b=C3=BCld=2Epng?="', "büld.png"),
        ('Content-Disposition: attachment; filename*0="a "; filename*1="b.png"', "a b.png"),
        ("Content-Disposition: attachment", "attachment.png"),
    ],
)
def test_file_names_are_decoded(header, name, read_mail):
    mail = FROM + parts(
        "mixed", part("text/plain", "x"), f"Content-Type: image/png\n{header}\n\nx\n"
    )
    assert read_mail(mail).attachments[0].name == name


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a  \n  b", "a b"),
        ("<b>a</b><i>b</i>", "ab"),
        ("<pre>a\n  b</pre>", "a\n  b".replace("  ", "")),
        ('<a href="https://x.example/y">here</a>', "here <https://x.example/y>"),
        ('<a href="https://x.example/y">https://x.example/y</a>', "https://x.example/y"),
        ('<a href="mailto:a@b">a@b</a>', "a@b"),
        ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\t\tb\nc"),
        ("<title>t</title><script>x</script><style>y</style>z", "z"),
        ("", ""),
    ],
)
def test_html_becomes_text_a_person_would_have_typed(html, text):
    assert text_of(html) == text

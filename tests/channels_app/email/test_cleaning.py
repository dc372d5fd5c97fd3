"""Nothing in customer HTML runs, styles, submits, or calls htmx."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from channels_app.adapters.email import cleaning
from channels_app.adapters.email.cleaning import clean_html

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='  jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//evil.example' ping='//evil.example'>x</a>",
    "<a href='/admin/delete/1' hx-get='/x' data-hx-get='/x'>x</a>",
    "<div hx-get='/tickets/1' hx-trigger='load'>x</div>",
    "<div data-hx-post='/x' data-hx-trigger='load'>x</div>",
    "<div class='dialog' id='main' style='position:fixed'>x</div>",
    "<form action='/x' method=post><input name=a><button>go</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<body onload=alert(1)>x",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href='//evil.example/'>",
    "<object data='x.swf'></object><embed src=x>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<style>@import '//evil.example/x.css'; body{display:none}</style>",
    "<p style=\"background:url('//evil.example')\">x</p>",
    "<img srcset='//evil.example/1x 1x' src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='cid:a' usemap='#m'><map name=m><area href='javascript:alert(1)'></map>",
    "<template><script>alert(1)</script></template>",
    "<select><option><script>alert(1)</script></select>",
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><script>alert(1)</script>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<table background='//evil.example'><tr><td background='//evil.example'>x</table>",
    "<a href='https://x.example' target=_self onclick=alert(1) tabindex=1 accesskey=x>x</a>",
    "<x-foo is='y' slot='z' part='q' contenteditable>x</x-foo>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><?php system('id') ?>",
    "{{7*7}} {% load x %} ${7*7} <p>{{ x|rjust:'300000000' }}</p>",
    "\0<scr\0ipt>alert(1)</scr\0ipt>",
    "<a href='tel:+44'>x</a><a href='mailto:a@b?subject=x'>y</a>",
]


class Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.urls: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.urls += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_only_what_is_on_the_lists(attack):
    inspector = Inspector()
    inspector.feed(clean_html(attack))
    assert inspector.tags <= cleaning.TAGS
    for tag, attribute in inspector.attributes - {("a", "rel")}:
        assert attribute in cleaning.ATTRIBUTES.get(tag, set()) | cleaning.ATTRIBUTES["*"]
    for url in inspector.urls:
        assert url.partition(":")[0] in cleaning.URL_SCHEMES


@pytest.mark.parametrize("attack", ATTACKS)
def test_cleaning_twice_changes_nothing(attack):
    assert clean_html(clean_html(attack)) == clean_html(attack)


def test_no_attribute_and_no_tag_that_can_act_is_on_the_lists():
    listed = {name for names in cleaning.ATTRIBUTES.values() for name in names}
    assert not {name for name in listed if name.startswith(("on", "data", "hx", "aria"))}
    assert not listed & {"style", "class", "id", "name", "srcset", "target", "action", "ping"}
    assert not cleaning.TAGS & {"form", "input", "button", "svg", "math", "style", "link", "meta"}


def test_relative_addresses_lead_nowhere():
    assert "href=" not in clean_html('<a href="/admin/">x</a>')
    assert "src=" not in clean_html('<img src="/tracker.png">')


def test_what_people_write_stays():
    html = '<p dir="rtl">Hi <b>you</b></p><ul><li>one</li></ul><img src="cid:a@b" alt="A">'
    assert clean_html(html) == html


def test_text_of_tags_that_are_not_known_stays():
    assert clean_html("<custom>Hi <blink>you</blink></custom>") == "Hi you"

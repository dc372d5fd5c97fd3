from __future__ import annotations

import json
import random
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.sms.segments import BASIC, EXTENDED, Segments, clusters, segments
from tests.oracles import PRISM

FAMILY = "👨‍👩‍👧‍👦"
TEXTS = {
    "": 0,
    "a" * 160: 1,
    "a" * 161: 2,
    "a" * 306: 2,
    "a" * 307: 3,
    "€" * 80: 1,
    "€" * 81: 2,
    "a" * 152 + "€" * 5: 2,
    "a" * 1600: 11,
    "á" * 70: 1,
    "á" * 71: 2,
    "é" * 160: 1,
    "😀" * 35: 1,
    "😀" * 36: 2,
    FAMILY * 6: 1,
    FAMILY * 7: 2,
    "x" * 66 + "😀" * 3: 2,
    "🇩🇪" * 18: 2,
    "👍🏽" * 18: 2,
    "e\u0301" * 36: 2,
}


@pytest.mark.parametrize(("text", "count"), TEXTS.items())
def test_texts_take_as_many_parts_as_is_known(text, count):
    assert segments(text).count == count


def test_the_room_left_is_that_of_the_last_part():
    assert segments("a" * 150) == Segments("GSM-7", units=150, count=1, room=10)
    assert segments("a" * 161) == Segments("GSM-7", units=161, count=2, room=145)
    assert segments("ж" * 3) == Segments("UCS-2", units=3, count=1, room=67)


def test_an_extended_character_is_not_cut_in_two():
    assert segments("a" * 152 + "€" + "a" * 152) == Segments("GSM-7", 306, count=3, room=152)


def test_an_emoji_is_not_cut_in_two():
    assert list(clusters(f"a{FAMILY}👍🏽🇩🇪🇫🇷e\u0301")) == [
        "a",
        FAMILY,
        "👍🏽",
        "🇩🇪",
        "🇫🇷",
        "e\u0301",
    ]


@given(st.text(alphabet=st.characters(codec="utf-16-le"), max_size=400))
def test_no_part_holds_more_than_it_can(text):
    result = segments(text)
    most = (160, 153) if result.encoding == "GSM-7" else (70, 67)
    assert result.units <= max(most[0], result.count * most[1])
    assert 0 <= result.room <= most[0]
    assert "".join(clusters(text)) == text


@pytest.mark.oracle_prism
def test_twilios_own_calculator_counts_the_same():
    assert shutil.which("node")
    texts = [*TEXTS, *_random_texts(400)]
    program = """
        const {SegmentedMessage} = require('sms-segments-calculator');
        const texts = JSON.parse(require('fs').readFileSync(0));
        console.log(JSON.stringify(texts.map(text => {
            const it = new SegmentedMessage(text);
            return [it.encodingName, text ? it.segmentsCount : 0];
        })));
    """
    ran = subprocess.run(
        ["node", "-e", program],
        input=json.dumps(texts),
        cwd=PRISM.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [[segments(text).encoding, segments(text).count] for text in texts]
    differing = [
        (text, mine, theirs)
        for text, mine, theirs in zip(texts, ours, json.loads(ran.stdout), strict=True)
        if mine != theirs
    ]
    assert differing == []


def _random_texts(number: int) -> list[str]:
    """Texts near the borders. Without CR, which that calculator takes for UCS-2."""
    dice = random.Random(7)
    plain = sorted(BASIC - {"\r"})
    signs = [plain, plain + sorted(EXTENDED) * 9, [*plain, "á", "ж"]]
    signs.append([*plain, "😀", FAMILY, "👍🏽", "🇩🇪", "e\u0301", "❤️", "漢"])
    return [
        "".join(dice.choices(dice.choice(signs), k=dice.randint(1, 330))) for _ in range(number)
    ]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.messages import Template
from channels_app.placeholders import (
    Misfit,
    Placeholder,
    is_fillable,
    placeholders,
    text_of,
    use,
)

HEADER = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}
PICTURE = {"type": "HEADER", "format": "IMAGE"}
BODY = {
    "type": "BODY",
    "text": "Hello {{1}}, {{2}} is ready, {{1}}.",
    "example": {"body_text": [["Ada", "1042"]]},
}
NAMED = {
    "type": "BODY",
    "text": "Hello {{first_name}}",
    "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Ada"}]},
}
FOOTER = {"type": "FOOTER", "text": "Lamplight"}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Yes"},
        {"type": "URL", "text": "Track", "url": "https://shop.example/{{1}}"},
        {"type": "COPY_CODE", "text": "Copy"},
    ],
}


def template(*components: dict) -> Template:
    return Template("t", "en", "APPROVED", "UTILITY", components)


def test_placeholders_stand_in_the_order_of_the_message_each_once():
    assert placeholders([HEADER, BODY, FOOTER, BUTTONS]) == [
        Placeholder("header", "1"),
        Placeholder("body", "1", example="Ada"),
        Placeholder("body", "2", example="1042"),
        Placeholder("button", "Track", kind="url", index=1),
        Placeholder("button", "code", kind="code", index=2),
    ]


def test_the_text_is_what_the_customer_reads():
    text = text_of([HEADER, BODY, FOOTER, BUTTONS], ["7", "Ada", "your lamp", "x", "y"])
    assert text == "Order 7\n\nHello Ada, your lamp is ready, Ada.\n\nLamplight"


def test_values_go_out_in_the_provider_s_form():
    values = ["7", "Ada", "your lamp", "1042", "SAVE5"]
    assert list(use(template(HEADER, BODY, FOOTER, BUTTONS), values).components) == [
        {"type": "header", "parameters": [{"type": "text", "text": "7"}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "your lamp"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "1042"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE5"}],
        },
    ]


def test_named_values_keep_their_names():
    (body,) = use(template(NAMED), ["Ada"]).components
    assert body["parameters"] == [{"type": "text", "parameter_name": "first_name", "text": "Ada"}]
    assert placeholders([NAMED]) == [Placeholder("body", "first_name", example="Ada")]


def test_a_picture_is_named_by_its_address():
    (header,) = use(template(PICTURE), ["https://shop.example/a.png"]).components
    assert header["parameters"] == [
        {"type": "image", "image": {"link": "https://shop.example/a.png"}}
    ]
    with pytest.raises(Misfit):
        use(template(PICTURE), ["a.png"])


@pytest.mark.parametrize("values", [[], ["Ada"], ["Ada", ""], ["Ada", " \n"], ["a", "b", "c"]])
def test_every_placeholder_has_to_be_filled(values):
    with pytest.raises(Misfit):
        use(template(BODY), values)


def test_lines_and_tabs_become_spaces_as_whatsapp_wants():
    (body,) = use(template(BODY), ["Ada\nLovelace", "a\t\tlamp"]).components
    assert [one["text"] for one in body["parameters"]] == ["Ada Lovelace", "a lamp"]


@pytest.mark.parametrize(
    ("components", "fillable"),
    [
        ([BODY, FOOTER, BUTTONS], True),
        ([PICTURE, BODY], True),
        ([{"type": "CAROUSEL"}, BODY], False),
        ([{"type": "HEADER", "format": "LOCATION"}, BODY], False),
    ],
)
def test_templates_with_parts_we_know_nothing_of_are_not_offered(components, fillable):
    assert is_fillable(components) is fillable


@given(st.lists(st.text(max_size=20), min_size=2, max_size=2))
def test_whatever_is_filled_in_stands_there_literally(values):
    first, second = values
    assert text_of([BODY], values) == f"Hello {first}, {second} is ready, {first}."


@given(st.text(alphabet="{} 1a", max_size=30))
def test_any_braces_are_read_without_harm(text):
    body = {"type": "BODY", "text": text}
    values = ["x"] * len(placeholders([body]))
    assert "{{x" not in text_of([body], values) or "{{x" in text

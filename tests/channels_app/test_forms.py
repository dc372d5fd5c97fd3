from __future__ import annotations

from typing import ClassVar

from django import forms

from channels_app.forms import ChannelForm
from channels_app.models import Channel


class PigeonForm(ChannelForm):
    secret_fields: ClassVar = frozenset({"whistle", "spare_whistle"})
    account_field: ClassVar = "loft"

    loft = forms.CharField()
    breed = forms.CharField(initial="racing")
    grain = forms.CharField(required=False)
    whistle = forms.CharField()
    spare_whistle = forms.CharField(required=False)


STORED = {"account": "Roof 1", "settings": {"breed": "king"}, "secrets": {"whistle": "low"}}


def test_account_settings_and_secrets_go_where_they_belong():
    form = PigeonForm({"loft": "Roof 1", "breed": "king", "grain": "", "whistle": "high"})
    assert form.is_valid(), form.problems
    channel = Channel()
    form.apply(channel)
    assert channel.account == "Roof 1"
    assert channel.settings == {"breed": "king", "grain": ""}
    assert channel.secrets == {"whistle": "high"}


def test_a_secret_is_never_shown_again():
    page = PigeonForm(channel=Channel(**STORED)).as_p()
    assert "low" not in page
    assert 'value="king"' in page
    assert 'value="Roof 1"' in page
    entered = PigeonForm({"whistle": "just-typed"}, channel=Channel(**STORED)).as_p()
    assert "just-typed" not in entered


def test_a_secret_left_blank_stays_as_it_is():
    form = PigeonForm({"loft": "Roof 2", "breed": "king", "whistle": ""}, channel=Channel(**STORED))
    assert form.is_valid(), form.problems
    assert form.secrets == {"whistle": "low"}


def test_a_secret_that_is_not_stored_yet_must_be_given():
    form = PigeonForm({"loft": "Roof 2", "breed": "king", "whistle": ""})
    assert form.problems == ["whistle: This field is required."]


def test_a_hyphen_forgets_a_secret_that_is_not_needed():
    channel = Channel(**{**STORED, "secrets": {"whistle": "low", "spare_whistle": "x"}})
    data = {"loft": "Roof 1", "breed": "king", "spare_whistle": "-"}
    form = PigeonForm(data, channel=channel)
    assert form.is_valid(), form.problems
    assert form.secrets == {"whistle": "low"}


def test_a_hyphen_does_not_forget_a_secret_that_is_needed():
    data = {"loft": "Roof 1", "breed": "king", "whistle": "-"}
    form = PigeonForm(data, channel=Channel(**STORED))
    assert form.problems == ["whistle: This field is required."]


def test_settings_from_the_command_line_take_the_defaults():
    form = PigeonForm.from_settings({"loft": "Roof 1", "whistle": "high"})
    assert form.is_valid(), form.problems
    assert form.settings == {"breed": "racing", "grain": ""}


def test_an_unknown_setting_names_itself():
    form = PigeonForm.from_settings({"loft": "Roof 1", "whistle": "high", "bread": "king"})
    assert form.problems == [
        "unknown setting bread; known: loft, breed, grain, whistle, spare_whistle"
    ]


def test_a_missing_setting_names_itself():
    assert PigeonForm.from_settings({"loft": "Roof 1"}).problems == [
        "whistle: This field is required."
    ]


def test_fields_of_other_forms_on_the_page_are_none_of_its_business():
    form = PigeonForm(
        {"p-loft": "Roof 1", "p-breed": "king", "p-whistle": "x", "name": "y", "csrf": "z"},
        prefix="p",
    )
    assert form.is_valid(), form.problems

from __future__ import annotations

import gettext
import re

import pytest

from tests import catalogs


@pytest.mark.parametrize("path", catalogs.catalogs(), ids=lambda path: path.parts[-3])
def test_a_catalog_is_whole_and_compiled(path):
    assert list(catalogs._settle(path, only_checks=True)) == []


@pytest.mark.parametrize("path", catalogs.catalogs(), ids=lambda path: path.parts[-3])
def test_gettext_reads_what_was_compiled(path):
    with path.with_suffix(".mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    said = catalogs.entries(path.read_text())
    assert {key: known.gettext(key) for key in said if key} == {
        key: text for key, text in said.items() if key
    }


@pytest.mark.parametrize("path", catalogs.catalogs(), ids=lambda path: path.parts[-3])
def test_placeholders_survive_translation(path):
    for key, text in catalogs.entries(path.read_text()).items():
        assert re.findall(r"%(?:\(\w+\))?s", key) == re.findall(r"%(?:\(\w+\))?s", text), key


def test_every_language_the_desk_names_has_a_catalog(settings):
    spoken = {path.parts[-3] for path in catalogs.catalogs()}
    assert spoken | {"en"} == {code for code, _name in settings.LANGUAGES}

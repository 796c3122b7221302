"""The page about the document: its example is one, and its tables have every field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from trinity_channels.imports.document import GivenBinding, GivenContact, GivenPolicy, GivenShare, read
from trinity_channels.imports.problems import Problems
from trinity_channels_whatsapp.settings import WhatsAppSettings

PAGE = (Path(__file__).parents[2] / "docs/reference/import.md").read_text(encoding="utf-8")
EXAMPLE = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])


def test_the_example_is_a_document_that_has_every_field() -> None:
    problems = Problems()

    found = read(EXAMPLE, problems)

    assert problems.found == []
    (binding,), (policy,), (share,) = found.bindings, found.policies, found.shares
    (contact,) = binding.contacts
    for one in (binding, contact, policy, share):
        assert one.row.model_fields_set == set(type(one.row).model_fields)
    assert set(binding.row.settings) <= set(WhatsAppSettings.model_fields)


@pytest.mark.parametrize(("table", "model"), [("bindings", GivenBinding), ("contacts", GivenContact)])
def test_its_tables_have_every_field(table: str, model: type[BaseModel]) -> None:
    rows = PAGE.partition(f"| field of `{table}` |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| `(\w+)`", rows, re.MULTILINE) == list(model.model_fields)


@pytest.mark.parametrize("model", [GivenPolicy, GivenShare])
def test_its_text_names_the_fields_of_the_others(model: type[BaseModel]) -> None:
    assert [name for name in model.model_fields if f"`{name}`" not in PAGE] == []

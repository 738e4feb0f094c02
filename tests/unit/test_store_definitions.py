"""Definitions: every feature is defined, names its version, and changes its hash with its meaning."""

from models.features import SCHEMA, SCHEMA_HASH, SCHEMA_VERSION
from pricing.flow import Flow
from rfq.store import definitions
from rfq.store.past import PAST, PAST_HASHES


def test_every_feature_says_unit_words_and_what_stands_for_it() -> None:
    found = definitions.present()
    assert len(found) >= 40
    assert len({one.name for one in found}) == len(found)
    assert {column.name for column in SCHEMA} <= {one.name for one in found}
    for one in found:
        assert one.unit
        assert one.words
        assert one.when_missing == one.when_missing
        assert one.version == SCHEMA_VERSION


def test_whatever_a_flow_holds_is_defined() -> None:
    assert tuple(Flow.__struct_fields__) == definitions.FLOW_NAMES
    assert [column.name for column in definitions.FLOW_COLUMNS] == list(definitions.FLOW_NAMES)
    names = {one.name for one in definitions.present()}
    assert set(definitions.FLOW_NAMES) <= names


def test_the_past_is_known_by_its_hashes() -> None:
    assert PAST_HASHES["ce3308cf2df9"] == 1  # as version 1's logs have it
    assert len(PAST[1]) == 33
    assert definitions.version_of("ce3308cf2df9") == 1
    assert definitions.version_of(SCHEMA_HASH) == SCHEMA_VERSION
    assert definitions.version_of("nobody") is None
    assert SCHEMA_HASH not in PAST_HASHES


def test_a_feature_is_found_with_its_history() -> None:
    now, before = definitions.find("ofi_ratio_1s")
    assert (now.version, before.version) == (SCHEMA_VERSION, 1)
    assert now.hash != before.hash
    assert definitions.find("nothing") == ()
    assert "ofi_ratio_1s" in definitions.nearest("ofi_ratio1s")
    assert definitions.nearest("ofi") == ("ofi_ratio_1s", "ofi_ratio_10s", "ofi_ratio_60s")
    assert definitions.nearest("zzz") == ()


def test_hashes_differ_from_feature_to_feature() -> None:
    hashes = [one.hash for one in (*definitions.present(), *definitions.past())]
    assert len(set(hashes)) == len(hashes)

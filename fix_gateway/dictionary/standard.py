"""The dictionaries of the versions that we speak, by BeginString and application version."""

from functools import cache

from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.dictionary.table import Table, table

_WHOLE = {"FIX.4.2": "fix42", "FIX.4.4": "fix44"}
_APPLICATIONS = {"9": "fix50sp2", "6": "fix44", "4": "fix42"}
"""ApplVerID (1128, 1137) -> table."""


@cache
def load(begin: str, appl: str = "") -> Dictionary:
    """The dictionary of a version. `appl` goes with FIXT.1.1 only, and must be given there."""
    if begin in _WHOLE and not appl:
        return _whole(begin, table(_WHOLE[begin]))
    if begin == "FIXT.1.1" and appl in _APPLICATIONS:
        return _split(begin, appl, table("fixt11"), table(_APPLICATIONS[appl]))
    raise ValueError(f"no dictionary for {begin!r} with the application version {appl!r}")


def _whole(begin: str, found: Table) -> Dictionary:
    """Session and application of one version."""
    return Dictionary(
        begin=begin.encode(),
        appl="",
        header=found.header,
        trailer=found.trailer,
        messages=found.messages,
        fields=found.fields,
        known=found.assigned,
        admin_known=found.assigned,
        other_types=found.others,
    )


def _split(begin: str, appl: str, session: Table, application: Table) -> Dictionary:
    """Header, trailer and session messages of the one, application messages of the other. Where both assign a tag, the
    session's word counts."""
    spoken = {kind: message for kind, message in application.messages.items() if not message.admin}
    return Dictionary(
        begin=begin.encode(),
        appl=appl,
        header=session.header,
        trailer=session.trailer,
        messages={**session.messages, **spoken},
        fields={**application.fields, **session.fields},
        known=session.assigned | application.assigned,
        admin_known=session.assigned,
        other_types=session.others | application.others,
    )

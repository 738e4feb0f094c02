"""The two shapes every other value of this package is built on: `Fact`, a frozen value, and `Fault`, a
refusal.

msgspec does not inherit `frozen` for the type checker nor `kw_only` at all, so each class states both again.
"""

import msgspec


class Fact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
    tag_field="_",
):
    """A frozen value with a name and a version on the wire; collections inside it are tuples."""


class Fault(Fact, frozen=True, kw_only=True, tag="Fault.1"):
    """Why something asked for cannot be meant: the field at fault and what is wrong with it, in words."""

    field: str
    problem: str

"""The base of every frozen value in this package.

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

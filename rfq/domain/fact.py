"""The shape that every logged value of the house has: frozen, slotted, keyword-only, named and versioned by its tag."""

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
    """A value that may enter the log. Subclasses give `tag="Name.version"`.

    A default must be a singleton (None, (), "", a bool or a small int): defaults are left out of the encoding by
    identity, so any other default would give one value two spellings. `canon` refuses classes that break this.
    """

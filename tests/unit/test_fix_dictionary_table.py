"""How a table is read, and that a slip in one shows."""

import pytest

from fix_gateway.dictionary.spec import GroupSpec
from fix_gateway.dictionary.table import parse

SMALL = """
# a remark
assigned
  1-3 54 78
others
  B U7

header
  One!
message T Test
  @Block NoTwos! (Two!
  @Block) One!
component Block
  Side!
type STRING
  1 One 2 Two
type NUMINGROUP
  78 NoTwos
type CHAR
  54 Side 3 Other
values
  54 1=buy
    2=sell
  3 as 54
"""


def test_a_table_reads_as_it_is_written() -> None:
    table = parse(SMALL)
    assert table.assigned == {1, 2, 3, 54, 78}
    assert table.others == {"B", "U7"}
    assert table.header.required == (1,)
    message = table.messages["T"]
    assert (message.name, message.admin, message.members, message.required) == (
        "Test",
        False,
        {54, 78, 1},
        (1, 78),  # what a component that is not required requires is not required
    )
    assert message.groups[78] == GroupSpec(count=78, members=(2, 54), required=(2,))
    assert table.fields[54].values == table.fields[3].values == {b"1": "buy", b"2": "sell"}


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("One!\nmessage", "One! Nine\nmessage", KeyError, "Nine"),
        ("@Block NoTwos", "@Blok NoTwos", KeyError, "Blok"),
        ("Block) One", "Block) ) One", ValueError, "parenthesis"),
        ("component Block", "message T Test", ValueError, "twice"),
        ("type CHAR", "type CHARACTER", ValueError, "no type"),
        ("3 as 54", "4 as 54", ValueError, "without a field"),
        ("3 Other", "3", ValueError, "argument 2 is shorter"),
    ],
)
def test_a_slip_in_a_table_shows(old: str, new: str, error: type[Exception], says: str) -> None:
    assert old in SMALL
    with pytest.raises(error, match=says):
        parse(SMALL.replace(old, new))

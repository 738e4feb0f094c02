"""What FIX 4.4 and FIX 5.0 SP2 let through: facts that were found out by running a foreign engine's dictionaries.

Each construct is a body in our own notation, `|` for the separator. Our dictionaries must judge it as that engine did.
"""

import pytest

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.dialect import FIX44, FIX50SP2, Dialect

HEAD = b"34=2\x0149=A\x0152=20251125-09:30:00.000\x0156=B\x01"
AT = "60=20251125-09:30:00.000|"
EXECUTION = "37=O1|17=E1|150=F|39=2|55=X|54=1|151=0|14=1|6=1|"
LEGS = "555=2|600=X1|623=1|624=1|600=X2|623=1|624=2|"
ASKED = "131=R1|146=1|55=[N/A]|167=MLEG|38=10|"
HEDGED = "131=R1|146=1|55=[N/A]|167=MLEG|38=10|555=1|600=P|623=1|624=2|"

# what, message type, body, verdict of 4.4, verdict of 5.0 SP2 (the reject code and tag, None for good)
FACTS = [
    ("AI 297=16 ACTIVE", "AI", "131=R1|117=Q1|55=X|297=16|", (5, 297), None),
    ("AI 297=17 CANCELED", "AI", "131=R1|117=Q1|55=X|297=17|", (5, 297), None),
    ("AI with 300", "AI", "131=R1|117=Q1|55=X|297=5|300=5|", (2, 300), None),
    ("AI with 1328", "AI", "131=R1|117=Q1|55=X|297=5|1328=no|", "unknown", None),
    ("AI with 693", "AI", "131=R1|117=Q1|693=A1|55=X|297=5|", None, None),
    ("Z 298=5", "Z", "131=R1|117=Q1|298=5|", (5, 298), None),
    ("Z 298=4", "Z", "131=R1|117=Q1|298=4|", None, None),
    ("AJ with 131", "AJ", "693=A1|117=Q1|131=R1|694=1|55=X|", (2, 131), None),
    ("AJ 694=9", "AJ", "693=A1|117=Q1|694=9|55=X|", (5, 694), None),
    ("AJ 694=1", "AJ", "693=A1|117=Q1|694=1|55=X|", None, None),
    ("AJ 694=4", "AJ", "693=A1|117=Q1|694=4|55=X|", None, None),
    ("AJ 44 negative", "AJ", "693=A1|117=Q1|694=1|55=X|44=-5|", None, None),
    ("AJ 1917", "AJ", "693=A1|117=Q1|694=4|55=X|1917=5|", "unknown", None),
    ("S with 110", "S", "131=R1|117=Q1|55=X|132=-6|133=-5|110=5|", (2, 110), None),
    ("S with 1917", "S", "131=R1|117=Q1|55=X|132=5|1917=5|", "unknown", (2, 1917)),
    ("S 735/695=A", "S", "131=R1|117=Q1|735=1|695=A|55=X|132=5|", None, None),
    ("R with 1171", "R", "131=R1|1171=Y|146=1|55=X|", "unknown", None),
    ("R with 1091", "R", "131=R1|1091=Y|146=1|55=X|", "unknown", None),
    ("R with 110", "R", "131=R1|146=1|55=X|110=5|", (2, 110), None),
    ("R with leg 566", "R", HEDGED + "566=5|", (2, 566), None),
    ("R with 1461", "R", "131=R1|1461=1|1462=P|146=1|55=X|", "unknown", (2, 1461)),
    ("R with root 453", "R", "131=R1|453=1|448=P|447=D|452=35|146=1|55=X|", (2, 453), (2, 453)),
    ("R with leg 637", "R", HEDGED + "637=5|", (2, 637), (2, 637)),
    ("R multileg", "R", ASKED + LEGS, None, None),
    ("AG 658", "AG", "131=R1|658=6|146=1|55=X|", None, None),
    ("8 with 1080 and 1081", "8", EXECUTION + "1080=Q1|1081=5|", "unknown", None),
    ("8 with 574=10", "8", EXECUTION + "574=10|", (5, 574), None),
    ("8 with 117", "8", EXECUTION + "117=Q1|", (2, 117), (2, 117)),
    ("8 with 693", "8", EXECUTION + "693=A1|", None, None),
    ("8 with 828", "8", EXECUTION + "828=1|", (2, 828), None),
    ("8 with 1328", "8", EXECUTION + "1328=no|", "unknown", None),
    ("8 multileg", "8", EXECUTION + "442=3|555=1|600=X1|623=1|624=1|687=10|637=5|", None, None),
    ("CW", "CW", "117=Q1|131=R1|1865=1|", "type", None),
    ("CW with 55", "CW", "117=Q1|131=R1|1865=1|55=X|", "type", (2, 55)),
    ("D with 117", "D", "11=C1|117=Q1|55=X|54=1|38=1|40=D|" + AT, None, None),
    ("AB with 117 and legs", "AB", "11=C1|117=Q1|54=1|55=X|38=1|40=D|" + AT + LEGS, None, None),
]


def verdict(dialect: Dialect, msg_type: str, body: str) -> object:
    """What our dictionary says of a body: None, or the reject code and the tag."""
    rest = b"35=%b\x01" % msg_type.encode() + HEAD + body.replace("|", "\x01").encode()
    fault = Decoder(dialect.dictionary).decode(frame(dialect.begin.encode(), rest)).fault
    if fault is None:
        return None
    if fault.code == 11:
        return "type"
    return "unknown" if fault.code == 0 else (fault.code, int(fault.tag))


@pytest.mark.parametrize(
    ("what", "msg_type", "body", "of_44", "of_50"), FACTS, ids=[fact[0] for fact in FACTS]
)
def test_both_versions_judge_as_the_foreign_engine_did(
    what: str, msg_type: str, body: str, of_44: object, of_50: object
) -> None:
    assert verdict(FIX44, msg_type, body) == of_44, f"4.4: {what}"
    assert verdict(FIX50SP2, msg_type, body) == of_50, f"5.0 SP2: {what}"

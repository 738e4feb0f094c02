"""How far the fitted vols may be wrong."""
from typing import NamedTuple
import msgspec
from pricing.fact import Fact
from pricing.market import Smile
class DoubtTerms(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="DoubtTerms.1"):
    vol_of_vol: float = 0.0
class Doubts(NamedTuple):
    level: float=0.
    slope: float=0.
    wing: float=0.
    local: float=0.
    half: float=0.
    vol_of_vol: float=0.
    def on(self, smile):
        return msgspec.structs.replace(smile, doubt_level=self.level,doubt_slope=self.slope,doubt_wing=self.wing,doubt_local=self.local,half_spread=self.half)
def doubts_of(raw, quoted, terms): return tuple(Doubts() for _ in raw)

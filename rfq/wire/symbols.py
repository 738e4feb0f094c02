"""What one counterparty calls an instrument. The canonical names belong to `pricing.instruments`; only exceptions stand
here, as they are configured: our name -> its name."""

from collections.abc import Mapping


class Symbols:
    """Names both ways; a name without an exception is the same on both sides."""

    __slots__ = ("_ours", "_theirs")

    def __init__(self, exceptions: Mapping[str, str] | None = None) -> None:
        """Raises ValueError if two of our names would be one of theirs."""
        self._theirs = dict(exceptions or {})
        self._ours = {theirs: ours for ours, theirs in self._theirs.items()}
        if len(self._ours) != len(self._theirs):
            twice = sorted(name for name in self._ours if list(self._theirs.values()).count(name) > 1)
            raise ValueError(f"two of our instruments are called {', '.join(twice)}")

    def theirs(self, name: str) -> str:
        """Our name, as it calls it."""
        return self._theirs.get(name, name)

    def ours(self, name: str) -> str:
        """Its name, as we call it; a name of ours that it calls otherwise is nobody's."""
        found = self._ours.get(name)
        if found is not None:
            return found
        return f"?{name}" if name in self._theirs else name

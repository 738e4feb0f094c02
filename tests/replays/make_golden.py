"""Write the golden log and the snapshot of all fields anew: `python tests/replays/make_golden.py`.

Do it only on purpose: a change of these files is a change of what the desk does, and shows as one in review.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import golden
import strategies


def main() -> None:
    """Both files."""
    lines = list(golden.lines_of(golden.play()))
    golden.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    golden.SCHEMA.write_text(json.dumps(strategies.schema(), indent=1) + "\n", encoding="utf-8")
    print(f"{golden.FILE.name}: {len(lines)} lines; {golden.SCHEMA.name}: {len(strategies.schema())} classes")


if __name__ == "__main__":
    main()

"""Messages as values: what was said, in typed words; which tag says it (`forms*`), and how bytes become it and back."""

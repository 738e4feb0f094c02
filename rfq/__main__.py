"""`python -m rfq` is the same as the `rfq` command."""

from rfq.cli import main

if __name__ == "__main__":
    main()

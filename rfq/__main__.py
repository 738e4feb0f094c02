"""`python -m rfq` is the same as the `rfq` command."""

from rfq.cli.main import main

if __name__ == "__main__":
    main()

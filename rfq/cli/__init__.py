"""The command line: what people and scripts can ask of the desk. Commands parse, call `rfq.app` or `rfq.audit`, and
tell; data goes to stdout, talk to stderr, and the exit code says how it ended. Heavy libraries are loaded inside the
command that needs them, so that `rfq --help` is at once there."""

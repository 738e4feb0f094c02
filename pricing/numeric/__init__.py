"""The floor that all of pricing stands on: functions of floats whose bits do not depend on the machine.

Built of + - * /, square root, comparisons and exact scaling alone, in one source that runs as plain Python and,
where numba is installed and `engine.warm` was called, compiled, with equal bits.
"""

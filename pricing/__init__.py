"""VALUE: what a structure is worth, and what we would charge for it.

Charter: pure functions over frozen values. Nothing here is born, changes or dies; nothing reads a clock,
draws a random number or touches a file. Floats live inside; Decimal is met only at the border in
`pricing.units`.
"""

"""WEIGHTS: what will probably happen next, and how sure that is.

Charter: rows in, plain floats out. `features` and `baselines` are pure and need nothing but `math`; learned
models stand behind the same door, `infer`. Nothing here knows of pricing, FIX or the desk.
"""

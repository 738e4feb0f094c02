"""Optimal quoting and execution: control problems solved, plain numbers in, plain numbers out.

Nothing here is on the desk's path. Solutions are made beforehand and reach the desk as frozen tables (`skew`).
Units are the caller's own and must agree: if σ is in bp per √day and sizes in millions, rates are per day.
"""

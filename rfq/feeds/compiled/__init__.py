"""Kernels of the feeds: plain Python that numba can compile, and the compiling."""

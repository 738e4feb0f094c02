"""Speed benches: each `bench_*` module has `main(quick) -> list[Row]`; `python -m benchmarks` prints them all."""

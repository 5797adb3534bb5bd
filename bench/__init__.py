"""Benchmarks: each prints what it measured; run one with `python -m bench.NAME`."""

"""Benchmarks: each prints ratios that were measured side by side in one run, and none is a test.

Absolute times belong to the machine; a ratio to a floor that ran in the same rounds travels (docs/performance.md).
"""

"""A simulated company with known truth: the demo, the benchmarks' input, the statistics' oracle."""

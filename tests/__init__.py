"""The tests: one file a module, browser/ with a hand in a real browser, benchmarks/ that only print."""

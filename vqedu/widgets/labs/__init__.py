"""The labs: figures that the kernel draws while it trains."""

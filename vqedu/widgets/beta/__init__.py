"""The effective-beta calculator."""

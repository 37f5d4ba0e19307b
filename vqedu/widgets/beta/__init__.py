"""The effective-beta calculator: which beta a given loss really trains with."""

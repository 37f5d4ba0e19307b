"""What the tests would miss: each small wrong change to the teaching code must make a test fail."""

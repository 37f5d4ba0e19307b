"""What the tests would miss: each small wrong change to the teaching code must make a test fail."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

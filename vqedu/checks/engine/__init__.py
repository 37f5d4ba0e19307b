"""What judges an answer, and knows no exercise: it runs it, observes it, compares it, and says what was found."""

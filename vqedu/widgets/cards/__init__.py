"""The cards: predictions, quizzes, and where the learner is."""

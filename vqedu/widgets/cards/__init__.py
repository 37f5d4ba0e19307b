"""The cards: predictions, quizzes, and the overview of what a learner has answered."""

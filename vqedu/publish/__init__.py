"""What is made from the notebooks' sources: executed notebooks, pages, lecturer's copies; and the shipped weights."""

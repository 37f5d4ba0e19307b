"""What is made from the notebooks' sources: notebooks, pages, the lecturer's copies; and shipped weights."""

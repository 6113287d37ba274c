"""Lists as Qt models, and how their rows are painted."""

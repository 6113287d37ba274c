"""Decisions after the first answer, who makes them, and what the district is warned of."""

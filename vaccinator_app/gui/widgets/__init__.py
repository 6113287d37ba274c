"""The small parts that every screen is set from. Each takes the `Kit` first and follows theme and language live."""

"""What a vaccination day is: value types, rules, event kinds, the tally. No I/O, no clock, no crypto (DESIGN 2.2)."""

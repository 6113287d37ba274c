"""What several rooms' tests stand on: a clock that is told the time, and a desk with people on its roster."""

"""The controls that ``docs/threat-model.md`` names, each with the line that it stands on and the test that misses it."""

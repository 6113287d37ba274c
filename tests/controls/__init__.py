"""The controls of ``docs/threat-model.md``: of each the line that it stands on and the test that misses it."""

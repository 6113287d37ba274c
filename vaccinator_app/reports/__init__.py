"""The day on paper and for other programs: PDF, CSV and FHIR (DESIGN 2.2).

Every report is made from one ``DayReport`` and nothing else: no vault, no network, no clock, no Qt. The desk and
central print alike. No report names a person who was vaccinated.
"""

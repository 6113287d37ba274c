"""What desks ask for: enrolment, roster, the neighbours' records, a person's confirmation."""

"""Certificates: when there is one, the card, and what one is worth."""

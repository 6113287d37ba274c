"""Messages to people: written with their reason, brought out by a gateway, told back to desks."""

"""Citizens: signing in, people, bookings, their own word, and the apps that they use."""

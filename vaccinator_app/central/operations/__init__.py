"""What the operator does: centres and sessions, backup and restore, lost machines, forgetting."""

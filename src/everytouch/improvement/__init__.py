"""What to improve first."""

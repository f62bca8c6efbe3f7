"""What moves perception, and what perception is worth."""

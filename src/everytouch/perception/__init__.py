"""What was felt, and what was lived through before it was felt."""

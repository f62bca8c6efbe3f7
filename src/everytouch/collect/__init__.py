"""Ways in: files through SQL mappings, and what was refused on the way."""

"""Which identifiers are the same party: links, and what follows from them."""

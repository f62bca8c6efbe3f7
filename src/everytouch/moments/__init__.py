"""The vocabulary of interactions and perceptions: records, schemas, rules."""

"""The write-ahead log: what was answered for, until the ledger holds it."""

"""The append-only record of all moments: tables, keys, loader, quarantine."""

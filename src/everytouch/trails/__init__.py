"""The bucketed, time-ordered, column-wise form of the ledger that analyses run on."""

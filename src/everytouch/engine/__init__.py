"""Runs a kernel over buckets and adds up."""

"""Tests of Everytouch."""

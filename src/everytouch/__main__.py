"""``python -m everytouch``."""

from everytouch.cli import main

main()

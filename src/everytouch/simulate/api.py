"""What other rooms may import of the simulated company."""

from everytouch.simulate.write import Simulated, simulate

__all__ = ["Simulated", "simulate"]

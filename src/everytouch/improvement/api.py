"""What other rooms may import of improvement."""

from everytouch.improvement.ranking import Finding, RankedList, behind, last_year, ranked

__all__ = ["Finding", "RankedList", "behind", "last_year", "ranked"]

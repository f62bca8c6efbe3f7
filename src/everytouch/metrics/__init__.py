"""What was felt, in numbers: NPS, CSAT, CES, scores, with their intervals."""

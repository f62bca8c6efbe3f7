"""How the text of a column is understood: times, numbers, durations, answers."""

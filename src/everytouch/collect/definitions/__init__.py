"""Survey definitions: a survey's questions, answers and logic, as its tool exports them."""

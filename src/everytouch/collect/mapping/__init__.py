"""What a row of a file is: who, when, which columns are questions, text and money."""

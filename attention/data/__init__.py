"""Small data that the book's examples and models use."""

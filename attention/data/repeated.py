"""A dozen sentences in which some word stands twice, written for the book."""

SENTENCES = (
    "The dog chased another dog across the field.",
    "A friend of my friend sold me this car.",
    "She read the letter and burned the letter afterwards.",
    "One river joins a larger river near our village.",
    "He who hates music should not teach music.",
    "The old bridge was safer than the new bridge.",
    "Bread without salt is still bread to a hungry man.",
    "My brother works where your brother used to work.",
    "Summer was cold, and next summer will be colder.",
    "The judge asked whether any judge could decide this.",
    "Paper covers stone, and scissors cut paper.",
    "Every question that he answered raised a new question.",
)

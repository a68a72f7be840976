"""The claim cards: a claim, a test with a threshold fixed in advance, a verdict, its evidence."""

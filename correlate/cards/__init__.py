"""The claim cards: a claim, a test with a threshold on record, a verdict, its evidence."""

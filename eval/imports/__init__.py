"""Results of other programs as cells of a study."""

"""Read tables of scores and test whether easy predicts hard; never imports eval."""

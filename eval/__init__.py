"""Score a ladder of models and write results/<study>/; never imports correlate."""

"""Figures for print, each with the CSV it was drawn from; one module a kind of figure."""

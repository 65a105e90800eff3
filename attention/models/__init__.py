"""Whole models, built from the ideas in `attention`."""

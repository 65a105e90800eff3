"""Whole models, built from the ideas in `attention`: a folder for each chapter that has some."""

"""Figures as people read them: words, numbers, tables, charts, tiles. Nothing is computed here."""

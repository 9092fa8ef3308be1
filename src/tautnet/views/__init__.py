"""What users see: pictures, the table in a terminal, the report.

This room knows the object that ``result.json`` holds and what fitted estimators show in public.
It hands on displays, lines of text and whole files.
It never sees a table's rows, a problem or a solver, and it computes no result anew.
"""

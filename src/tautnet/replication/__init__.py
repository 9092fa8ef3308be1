"""The article that tautnet grew out of: its experiment as published, mended, and on fresh data.

This room knows what the article did, random draw by random draw, and runs it beside tautnet.
It hands on one result, with the figures behind every sentence about the article.
It never sees a table of a user's, an estimator or a file.
"""

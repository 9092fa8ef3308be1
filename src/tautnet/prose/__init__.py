"""This room knows how to say numbers in plain English.

It hands on sentences, and takes the object that ``result.json`` holds, or single numbers. It never
sees a fit, a table or a file.
"""
